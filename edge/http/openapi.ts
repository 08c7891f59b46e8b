/**
 * The OpenAPI document: made from the schemas that validate requests, so that it cannot say anything else.
 */
import { messageResponseSchema, messagesRequestSchema } from '../../shared/messages.ts'
import { chatCompletionRequestSchema } from '../chat-completions/request-schema.ts'
import { ROUTER_HEADERS } from '../ledger/headers.ts'
import { STRATEGIES } from '../strategy.ts'
import { VERSION } from '../version.ts'
import { explanationSchema } from './explanation-schema.ts'
import { BATCH_OPERATIONS, batchSchemas } from './openapi-batches.ts'
import { CONTROL_OPERATIONS, controlSchemas } from './openapi-control.ts'
import { LEDGER_OPERATIONS, ledgerSchemas } from './openapi-ledger.ts'
import { body, inPath, type JsonSchema, json, type Operation, plain, ref, toSchema } from './openapi-parts.ts'
import { RESPONSES_OPERATIONS, responsesSchemas } from './openapi-responses.ts'

export type OpenApiDocument = {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly security: readonly Record<string, readonly string[]>[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: unknown
}

const control = (name: string, description: string, values?: readonly string[]) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: values === undefined ? { type: 'string' } : { type: 'string', enum: values },
})

const CONTROLS = [
  control('x-router-force', 'Answer by this side only.', ['local', 'claude']),
  control('x-router-strategy', 'Strategy of this request.', STRATEGIES),
  control('x-router-cache', 'skip: neither read nor write; refresh: do not read, but write.', [
    'skip',
    'refresh',
  ]),
  control('x-router-privacy', 'local: never send this request to Claude.', ['local']),
]

const routerHeaders = Object.fromEntries(
  ROUTER_HEADERS.filter((name) => name.startsWith('x-router-')).map((name) => [
    name,
    { schema: { type: 'string' } },
  ]),
)

const answers = (success: string, errors: string) => ({
  '200': {
    description: 'The answer; a stream of server-sent events if "stream" is true.',
    headers: routerHeaders,
    content: {
      'application/json': { schema: ref(success) },
      'text/event-stream': { schema: { type: 'string' } },
    },
  },
  default: { description: 'An error that says what to change.', ...json(ref(errors)) },
})

/** What the document says of each operation, by its id; where it is reached stands in `routes.ts`. */
export const OPERATIONS = {
  createMessage: {
    summary: "Anthropic's Messages API",
    description:
      'Unknown fields, versions and betas reach Claude unchanged. Model "auto" lets the router pick. ',
    tags: ['answers'],
    parameters: CONTROLS,
    requestBody: body('MessagesRequest'),
    responses: answers('Message', 'Error'),
  },
  createChatCompletion: {
    summary: "OpenAI's chat completions",
    description: 'Translated to the Messages API at the border.',
    tags: ['answers'],
    parameters: CONTROLS,
    requestBody: body('ChatCompletionRequest'),
    responses: answers('ChatCompletion', 'OpenAiError'),
  },
  createResponse: {
    summary: "OpenAI's Responses API",
    description:
      'Translated to the Messages API at the border. "previous_response_id" goes on with a conversation that is kept.',
    tags: ['answers'],
    parameters: CONTROLS,
    requestBody: body('ResponsesRequest'),
    responses: answers('Response', 'OpenAiError'),
  },
  ...RESPONSES_OPERATIONS,
  countTokens: {
    summary: 'Count the tokens of a request',
    description: 'Claude\'s own count where a key is set, else an estimate with "estimated": true.',
    tags: ['answers'],
    requestBody: body('CountTokensRequest'),
    responses: plain('The count.', {
      type: 'object',
      properties: { input_tokens: { type: 'integer' }, estimated: { type: 'boolean' } },
    }),
  },
  listModels: {
    summary: 'List models',
    description:
      "The router's own names, the local model and Claude's list; items carry both vendors' fields.",
    tags: ['models'],
    parameters: ['limit', 'after_id', 'before_id'].map((name) => ({
      name,
      in: 'query',
      required: false,
      schema: { type: name === 'limit' ? 'integer' : 'string' },
    })),
    responses: plain('The list.'),
  },
  getModel: {
    summary: 'One model',
    description: 'The item of the list with this id.',
    tags: ['models'],
    parameters: [inPath('id', 'Its name.')],
    responses: plain('The model.'),
  },
  explain: {
    summary: 'What would happen to a request, and why',
    description:
      'Decides without an answer, with a second look where one is set: targets, reason, task, score and thresholds, the strongest reasons in words, the session whose prompt cache is warm, the price on each side, and what would change the decision. Each change was tried.',
    tags: ['router'],
    parameters: CONTROLS,
    requestBody: body('MessagesRequest'),
    responses: plain('The decision.', ref('Explanation')),
  },
  status: {
    summary: 'What the router is doing',
    description: 'Strategy, Claude, local model, cache.',
    tags: ['router'],
    responses: plain('The status.'),
  },
  setStrategy: {
    summary: 'Change the strategy',
    description:
      'Needs the admin key. Holds for all instances until LLM_STRATEGY is changed in the settings.',
    tags: ['router'],
    requestBody: {
      required: true,
      ...json({
        type: 'object',
        required: ['strategy'],
        properties: { strategy: { enum: STRATEGIES } },
      }),
    },
    responses: plain('The strategy in force.'),
  },
  resetStrategy: {
    summary: 'Return to the configured strategy',
    description: 'Needs the admin key. LLM_STRATEGY of the settings holds again.',
    tags: ['router'],
    responses: plain('The strategy in force.'),
  },
  ...BATCH_OPERATIONS,
  ...CONTROL_OPERATIONS,
  alive: {
    summary: 'Alive',
    description: 'Open to everyone.',
    tags: ['health'],
    security: [],
    responses: plain('Alive.'),
  },
  ready: {
    summary: 'Ready',
    description: '503 if nothing can answer; lists what is missing. Open to everyone.',
    tags: ['health'],
    security: [],
    responses: plain('Ready.'),
  },
  metrics: {
    summary: 'Metrics',
    description: "Today's sums of the ledger and the state of the local model as Prometheus text. Admin key.",
    tags: ['health'],
    responses: plain('Metrics.'),
  },
  ...LEDGER_OPERATIONS,
} as const satisfies Record<string, Operation>

/** Returns the document of these paths. Translating the schemas takes some ten milliseconds. */
export function createOpenApiDocument(paths: OpenApiDocument['paths']): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ulfberht Router',
      version: VERSION,
      description:
        'Answers simple requests from a small model of your own and sends the rest to Claude. Every answer says in x-router-* headers who gave it and why.',
    },
    // Either key form will do; operations that are open to everyone say so themselves.
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
      schemas: {
        MessagesRequest: toSchema(messagesRequestSchema),
        CountTokensRequest: withoutRequired(toSchema(messagesRequestSchema), 'max_tokens'),
        Message: toSchema(messageResponseSchema),
        ChatCompletionRequest: toSchema(chatCompletionRequestSchema),
        ChatCompletion: { type: 'object', description: "OpenAI's; model is the one that answered." },
        ...responsesSchemas(),
        Explanation: toSchema(explanationSchema),
        ...batchSchemas,
        ...controlSchemas(),
        ...ledgerSchemas(),
        Error: ERROR,
        OpenAiError: OPENAI_ERROR,
      },
    },
  }
}

/** The schema of the same request where one field need not be there. */
function withoutRequired(schema: JsonSchema, field: string): JsonSchema {
  return { ...schema, required: (schema.required ?? []).filter((name) => name !== field) }
}

const text = { type: 'string' }
const ERROR = {
  type: 'object',
  required: ['type', 'error'],
  properties: {
    type: { const: 'error' },
    error: { type: 'object', required: ['type', 'message'], properties: { type: text, message: text } },
    request_id: text,
  },
}
const OPENAI_ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      properties: {
        message: text,
        type: text,
        param: { type: ['string', 'null'] },
        code: { type: ['string', 'null'] },
      },
    },
  },
}
