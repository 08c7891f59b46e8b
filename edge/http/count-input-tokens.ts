/**
 * `POST /v1/responses/input_tokens`: how many tokens a request of the Responses API has, counted as Claude would read it. Calls
 * no model and keeps nothing.
 */
import { toOpenAiError } from '../openai/openai-error.ts'
import { clientSignal } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { createRequestCounter } from './count-request.ts'
import { ESTIMATE_HEADERS } from './count-tokens.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, type RequestBody } from './read-request.ts'
import { readResponsesRequest } from './read-responses-request.ts'
import { createTranslatedRequests } from './translated-request.ts'
import { decode, parseOrNothing } from './upstream-answer.ts'

/** Returns the handler. */
export function createInputTokensHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, responses } = dependencies
  const countRequest = createRequestCounter(dependencies)
  const createRequest = createTranslatedRequests(dependencies)
  return async (context) => {
    const body = checkBody(await readJsonBytes(context.req.raw, config.maxBodyBytes))
    const shelf = responses?.of(context.get('tenant').id)
    const { translated, privacyLocal } = await readResponsesRequest(
      withModel(body),
      shelf,
      config.maxBodyBytes,
    )
    const request = await createRequest(
      context,
      { request: translated.request, user: undefined, nameOfUser: undefined, surface: 'responses' },
      { structured: translated.jsonObject, privacyLocal },
      clientSignal(context).signal,
    )
    const count = await countRequest(request)
    if (!('bytes' in count)) return counted(context, count.estimate, ESTIMATE_HEADERS)
    const answer = parseOrNothing(decode(count.bytes))
    if (isCount(answer)) return counted(context, answer.input_tokens, {})
    const error = toOpenAiError({ status: count.status, body: answer }, translated.names)
    return Response.json(error.body, { status: error.status, headers: count.headers })
  }
}

/** OpenAI lets clients count without naming a model. */
function withModel(body: RequestBody): RequestBody {
  const { value } = body
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return body
  return { ...body, value: { ...value, model: ('model' in value && value.model) || 'auto' } }
}

function counted(context: AppContext, tokens: number, headers: Record<string, string>): Response {
  return context.json({ object: 'response.input_tokens', input_tokens: tokens }, 200, headers)
}

function isCount(answer: unknown): answer is { readonly input_tokens: number } {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'input_tokens' in answer &&
    typeof answer.input_tokens === 'number'
  )
}
