/**
 * `POST /v1/chat/completions`: OpenAI's API as a translation at the border. Behind it everything is the Messages API.
 */

import type { StreamEvent } from '../../shared/events.ts'
import { encodeSseComment } from '../../shared/sse.ts'
import { toChatCompletion } from '../chat-completions/chat-completion.ts'
import { createChunkTranslator } from '../chat-completions/chunk-translator.ts'
import { logprobOf } from '../chat-completions/logprobs.ts'
import { type TranslatedRequest, toMessagesRequest } from '../chat-completions/messages-request.ts'
import { toOpenAiError } from '../chat-completions/openai-error.ts'
import { encodeCompletionStreamItem } from '../chat-completions/sse-frames.ts'
import { isVirtualModel, LOCAL_MODEL } from '../routing/virtual-models.ts'
import { answer, clientSignal, type Surface } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'

/** OpenAI's error shape. */
export const openAiError: Surface['error'] = (error) => toOpenAiError(error)

/** Returns the handler. */
export function createChatCompletionsHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  return async (context) => {
    const { signal, disconnect } = clientSignal(context)
    const { value } = checkBody(await readJsonBytes(context.req.raw, dependencies.config.maxBodyBytes))
    const translated = toMessagesRequest(value)
    const named = { ...translated.request, model: routableModel(translated.request.model, dependencies) }
    const text = JSON.stringify(named)
    const request = createRouterRequest(
      context,
      { body: new TextEncoder().encode(text), text, value: named },
      signal,
      { translated: true, logprobs: translated.logprobs, structured: translated.jsonObject },
    )
    const created = Math.floor(dependencies.now() / 1_000)
    const surface = createSurface(translated, request.id.replace(/^req_/, 'chatcmpl-'), created)
    const response = await answer(dependencies, request, surface, disconnect)
    if (translated.ignored.length > 0) response.headers.set('x-router-ignored', translated.ignored.join(', '))
    return response
  }
}

/**
 * A client that changed only its base URL still names another vendor's model, which neither side has: the router
 * picks, and the answer's `model` says which it was.
 */
function routableModel(name: string, { local }: AppDependencies): string {
  if (isVirtualModel(name) || name === LOCAL_MODEL || name === local?.modelName()) return name
  return /claude|anthropic/i.test(name) ? name : 'auto'
}

function createSurface(translated: TranslatedRequest, id: string, created: number): Surface {
  const { legacyFunctions, includeUsage } = translated
  const shape = { id, created, legacyFunctions }
  return {
    createStream() {
      const translator = createChunkTranslator({ ...shape, includeUsage, logprobs: translated.logprobs })
      const encode = (items: ReturnType<typeof translator.push>) =>
        items.map(encodeCompletionStreamItem).join('')
      return {
        chunk(chunk) {
          const text = encode(chunk.events.flatMap(translator.push))
          // Pings and thinking have no chunk here. Without a byte, proxies would cut the stream, and a client that
          // has left would never be noticed.
          return text === '' && chunk.events.some(showsLife) ? encodeSseComment('ping') : text
        },
        nonStreaming: (body, status) =>
          encodeCompletionStreamItem(toOpenAiError({ status, body: parse(body.bytes) }).body),
        error: (error) => encode(translator.fail(error)),
        end: () => encode(translator.end()),
      }
    },
    nonStreaming(body, status) {
      if (body.message === undefined) {
        const error = toOpenAiError({ status, body: parse(body.bytes) })
        return { status: error.status, bytes: JSON.stringify(error.body) }
      }
      const logprobs = translated.logprobs
        ? { logprobs: (body.events ?? []).flatMap((event) => logprobOf(event) ?? []) }
        : {}
      return { status, bytes: JSON.stringify(toChatCompletion(body.message, { ...shape, ...logprobs })) }
    },
    error: openAiError,
  }
}

function showsLife({ type }: StreamEvent): boolean {
  return type === 'ping' || type === 'content_block_delta'
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
