/** What the OpenAPI document says of batches. */
import { body, inPath, json, type Operation, plain, ref } from './openapi-parts.ts'

const ID = inPath('id', 'Of a batch that a key of the same tenant made through this router.')
const batch = plain('The batch as Claude describes it; results_url leads here.')
const parameters = [ID]
const tags = ['batches']

export const BATCH_OPERATIONS = {
  createBatch: {
    summary: "Make a batch of Claude's",
    description:
      'Passed to Claude byte for byte. Each request names a model of Claude that the key may ask for. Limits of tokens and money count the most that the batch can take, at batch price, until its results are fetched; that stays so where Claude may have made a batch and did not say so in time, and where one had to be cancelled because it could not be remembered.',
    tags,
    requestBody: body('BatchRequest'),
    responses: batch,
  },
  listBatches: {
    summary: "List one's batches",
    description: 'Newest first; those of the last 30 days that the tenant made through this router.',
    tags,
    parameters: ['limit', 'after_id', 'before_id'].map((name) => ({
      name,
      in: 'query',
      required: false,
      schema: { type: name === 'limit' ? 'integer' : 'string' },
    })),
    responses: plain('A page.'),
  },
  getBatch: { summary: 'One batch', description: 'How far it is.', tags, parameters, responses: batch },
  cancelBatch: {
    summary: 'Cancel a batch',
    description: 'What Claude has begun may still be answered.',
    tags,
    parameters,
    responses: batch,
  },
  deleteBatch: {
    summary: 'Delete a batch',
    description:
      'Only once it has ended; cancel it first. Receipts of its rows stay. Rows that were not fetched before get none, and if the results were never fetched to their end the batch stays counted as the most that it can take.',
    tags,
    parameters,
    responses: plain('Its id.'),
  },
  getBatchResults: {
    summary: 'The results of a batch',
    description:
      'One JSON object a line, as Claude sends them. Each row gets its receipt once, at batch price.',
    tags,
    parameters,
    responses: {
      '200': {
        description: 'The results.',
        content: { 'application/x-jsonl': { schema: { type: 'string' } } },
      },
      default: { description: 'An error that says what to change.', ...json(ref('Error')) },
    },
  },
} as const satisfies Record<string, Operation>

export const batchSchemas = {
  BatchRequest: {
    type: 'object',
    required: ['requests'],
    properties: {
      requests: {
        type: 'array',
        items: {
          type: 'object',
          required: ['custom_id', 'params'],
          properties: { custom_id: { type: 'string' }, params: ref('MessagesRequest') },
        },
      },
    },
  },
} as const
