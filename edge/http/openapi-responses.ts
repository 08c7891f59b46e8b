/**
 * What the OpenAPI document says of the Responses API, beside `openapi.ts`: kept responses, and the schema of a request.
 */
import { responsesRequestSchema } from '../responses/request-schema.ts'
import { body, inPath, json, type Operation, plain, ref, toSchema } from './openapi-parts.ts'

const inQuery = (name: string, schema: object, description: string) => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
})

const include = inQuery(
  'include',
  { type: 'array', items: { type: 'string' } },
  '"reasoning.encrypted_content" shows what Claude wants back of its reasoning.',
)

/** An answer in JSON, and OpenAI's error body for everything else. */
const kept = (description: string, schema: unknown) => ({
  ...plain(description, schema),
  default: { description: 'An error that says what to change.', ...json(ref('OpenAiError')) },
})

const id = inPath('id', 'resp_…, as its answer said.')

export const RESPONSES_OPERATIONS = {
  countInputTokens: {
    summary: 'Count the tokens of a Responses request',
    description:
      'As Claude would read it, kept conversation included; an estimate, marked by the header x-router-estimate, where Claude cannot say. "model" may be left out.',
    tags: ['answers'],
    requestBody: body('ResponsesRequest'),
    responses: kept('The count.', {
      type: 'object',
      properties: { object: { type: 'string' }, input_tokens: { type: 'integer' } },
    }),
  },
  getResponse: {
    summary: 'A kept response',
    description: 'One that was made with "store" (the default), for RESPONSES_RETENTION_HOURS.',
    tags: ['answers'],
    parameters: [id, include],
    responses: kept('The response.', ref('Response')),
  },
  deleteResponse: {
    summary: 'Delete a kept response',
    description: 'Conversations cannot go on from it, or from what came after it.',
    tags: ['answers'],
    parameters: [id],
    responses: kept('What was deleted.', { type: 'object' }),
  },
  listInputItems: {
    summary: 'The items that a kept response answered',
    description: 'Those of its own request, the newest first.',
    tags: ['answers'],
    parameters: [
      id,
      include,
      inQuery('limit', { type: 'integer', minimum: 1, maximum: 100 }, 'At most so many; 20 by default.'),
      inQuery('order', { type: 'string', enum: ['asc', 'desc'] }, 'asc: the oldest first.'),
      inQuery('after', { type: 'string' }, 'The last item of the page before.'),
    ],
    responses: kept('A page of items.', { type: 'object' }),
  },
} as const satisfies Record<string, Operation>

/** Returns the schemas that these operations name, and those of `POST /v1/responses`. */
export function responsesSchemas(): Readonly<Record<string, unknown>> {
  return {
    ResponsesRequest: toSchema(responsesRequestSchema),
    Response: { type: 'object', description: "OpenAI's; model is the one that answered." },
  }
}
