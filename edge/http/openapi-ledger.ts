/**
 * What the OpenAPI document says of receipts, sums over them and feedback; their parameters are those that the handlers
 * read.
 */
import { TASKS } from '../../shared/tasks.ts'
import { GROUPINGS } from '../ledger/ledger.ts'
import { BUDGET_EFFECTS, CACHE_RESULTS, OUTCOMES, ROUTES } from '../ledger/receipt.ts'
import { FEEDBACK } from '../ledger/receipt-record.ts'
import { feedbackSchema } from './feedback.ts'
import { body, inPath, type Operation, plain, ref, toSchema } from './openapi-parts.ts'
import { LARGEST_PAGE, RECEIPT_FORMATS, RECEIPT_PARAMETERS } from './receipt-filter.ts'
import { shownReceiptSchema } from './receipt-wire.ts'
import { USAGE_FORMATS, USAGE_PARAMETERS } from './usage.ts'
import { unreadSchema, usageAnswerSchema } from './usage-schema.ts'

type Parameter = (typeof RECEIPT_PARAMETERS)[number] | (typeof USAGE_PARAMETERS)[number]

const TIME =
  'A date (2026-11-27), a date and time (2026-11-27T14:00:00Z), milliseconds since 1970, or how long ago (30d, 24h).'
const text = { type: 'string' }
const DESCRIPTIONS: Readonly<Record<Parameter, { readonly description: string; readonly schema: object }>> = {
  from: { description: TIME, schema: text },
  to: { description: `${TIME} Exclusive.`, schema: text },
  timezone: {
    description: 'IANA name: where days begin, and what times without a zone mean. UTC unless given.',
    schema: text,
  },
  user: { description: 'The end user, as the receipts show it.', schema: text },
  route: { description: 'Who answered.', schema: { enum: ROUTES } },
  model: { description: 'The model that answered.', schema: text },
  task: { description: 'The kind of task.', schema: { enum: TASKS } },
  outcome: { description: 'How it ended.', schema: { enum: OUTCOMES } },
  fallback: { description: 'Why the local model did not answer.', schema: text },
  cache: { description: 'What the cache did.', schema: { enum: CACHE_RESULTS } },
  budget: { description: 'What a reached limit did to it.', schema: { enum: BUDGET_EFFECTS } },
  feedback: { description: 'What somebody thought of it.', schema: { enum: FEEDBACK } },
  tenant: { description: 'One tenant; needs the admin key for another than its own.', schema: text },
  limit: {
    description: `Receipts a page, at most ${LARGEST_PAGE}; of an export, in all.`,
    schema: { type: 'integer', minimum: 1 },
  },
  cursor: { description: 'Continues where the page that came with it ended.', schema: text },
  groupBy: {
    description: `Some of ${GROUPINGS.join(', ')}, separated by commas; user goes with tenant and day.`,
    schema: text,
  },
  format: { description: 'The form of the answer.', schema: text },
}

const inQuery = (names: readonly Parameter[], formats: readonly string[]) =>
  names.map((name) => ({
    name,
    in: 'query',
    required: false,
    ...DESCRIPTIONS[name],
    ...(name === 'format' ? { schema: { enum: formats } } : {}),
  }))

const requestId = inPath('id', 'The request, as in x-router-request-id.')

export const LEDGER_OPERATIONS = {
  listRequests: {
    summary: 'Receipts of requests, newest first',
    description:
      'A tenant sees its own, the admin key everything. format=jsonl exports all that meet the filter as JSON Lines; format=training those with feedback as rows for npm run train-router, format=answers those that the local model declined, failed at or answered badly as rows for npm run train-answers.',
    tags: ['ledger'],
    parameters: inQuery(RECEIPT_PARAMETERS, RECEIPT_FORMATS),
    responses: plain('A page, and the cursor of the next one or null.', {
      type: 'object',
      required: ['data', 'cursor'],
      properties: {
        data: { type: 'array', items: ref('Receipt') },
        cursor: { type: ['string', 'null'] },
        unread: ref('Unread'),
      },
    }),
  },
  getRequest: {
    summary: 'The receipt of one request',
    description: 'Who answered and why, tokens, cost and saving; content only where LOG_CONTENT keeps it.',
    tags: ['ledger'],
    parameters: [requestId, ...inQuery(['tenant'], [])],
    responses: plain('The receipt.', ref('Receipt')),
  },
  giveFeedback: {
    summary: 'Say what an answer was worth',
    description: 'Kept with the receipt; a later word replaces an earlier one.',
    tags: ['ledger'],
    parameters: [requestId],
    requestBody: body('Feedback'),
    responses: plain('What is kept now.'),
  },
  usage: {
    summary: 'What requests cost and saved',
    description:
      'Sums by group and over time, with percentiles of latency, the share of unknown prices and, for the whole deployment, the rent of the container and what is saved net of it.',
    tags: ['ledger'],
    parameters: inQuery(USAGE_PARAMETERS, USAGE_FORMATS),
    responses: plain('The sums.', ref('Usage')),
  },
} as const satisfies Record<string, Operation>

/** Returns the schemas that these operations refer to. */
export function ledgerSchemas() {
  return {
    Receipt: toSchema(shownReceiptSchema),
    Feedback: toSchema(feedbackSchema),
    Usage: toSchema(usageAnswerSchema),
    Unread: {
      ...toSchema(unreadSchema),
      description: 'Whose receipts of which month the answer lacks, because they cannot be read now.',
    },
  }
}
