/**
 * `POST /v1/chat/completions`: OpenAI's API as a translation at the border. Behind it everything is the Messages API.
 */
import { sha256Hex } from '../../shared/digest.ts'
import type { StreamEvent } from '../../shared/events.ts'
import { encodeSseComment } from '../../shared/sse.ts'
import { toChatCompletion, withExactInputs } from '../chat-completions/chat-completion.ts'
import { createChunkTranslator } from '../chat-completions/chunk-translator.ts'
import { withExactMembers } from '../chat-completions/exact-json.ts'
import { logprobOf } from '../chat-completions/logprobs.ts'
import { type TranslatedRequest, toMessagesRequest } from '../chat-completions/messages-request.ts'
import { routableModel } from '../chat-completions/model-name.ts'
import { toOpenAiError } from '../chat-completions/openai-error.ts'
import { encodeCompletionStreamItem } from '../chat-completions/sse-frames.ts'
import type { RouterRequest } from '../request.ts'
import { answer, clientSignal, type Surface } from './answer.ts'
import { type AppContext, type AppDependencies, waitUntilOf } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'
import { createUserReader } from './read-user.ts'
import { recordingRefusal, type Understood } from './recording-refusal.ts'

/** OpenAI's error shape. */
export const openAiError: Surface['error'] = (error) => toOpenAiError(error)

/** Members that hold schemas of the client's, whose numbers keep their digits. */
const SCHEMAS: ReadonlySet<string> = new Set(['tools', 'functions', 'response_format'])

/** Returns the handler. */
export function createChatCompletionsHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const readUser = createUserReader(dependencies.config.users)
  return async (context) => {
    const { signal, disconnect } = clientSignal(context)
    const read = async (understood: Understood) => {
      const body = checkBody(await readJsonBytes(context.req.raw, dependencies.config.maxBodyBytes))
      understood.body = body.value
      const translated = toMessagesRequest(withExactMembers(body.value, body.text, SCHEMAS))
      understood.user = await readUser(context, translated.user)
      const request = await requestOf(dependencies, context, translated, understood.user, signal)
      return { translated, request }
    }
    const { translated, request } = await recordingRefusal(dependencies, context, 'chat_completions', read)
    const created = Math.floor(dependencies.now() / 1_000)
    const surface = createSurface(translated, request.id.replace(/^req_/, 'chatcmpl-'), created)
    const response = await answer(dependencies, request, surface, disconnect)
    for (const name of translated.ignored) response.headers.append('x-router-ignored', name)
    return response
  }
}

async function requestOf(
  dependencies: AppDependencies,
  context: AppContext,
  translated: TranslatedRequest,
  user: string | undefined,
  signal: AbortSignal,
): Promise<RouterRequest> {
  const value = {
    ...translated.request,
    model: await modelOf(translated.request.model, dependencies, context),
    ...(await metadataOf(translated.user, context.get('tenant').id)),
  }
  const text = JSON.stringify(value)
  const { logprobs, jsonObject: structured, unlimited, cutAt } = translated
  const options = { user, translated: true, logprobs, structured, unlimited, cutAt }
  return createRouterRequest(context, { body: new TextEncoder().encode(text), text, value }, signal, {
    ...options,
    surface: 'chat_completions',
  })
}

async function modelOf(name: string, { local }: AppDependencies, context: AppContext): Promise<string> {
  const known = routableModel(name, local?.modelName())
  if (known !== 'auto' || name === 'auto' || local === undefined || local.modelName() !== undefined)
    return known
  // The name may be the local model's, which an isolate that has just started does not know yet.
  await local.refresh(waitUntilOf(context))
  return routableModel(name, local.modelName())
}

/** Claude takes an opaque id of at most 256 characters; what the client calls its user may be an address. */
async function metadataOf(user: string | undefined, tenantId: string) {
  if (user === undefined) return {}
  return { metadata: { user_id: await sha256Hex(JSON.stringify([tenantId, user])) } }
}

function createSurface(translated: TranslatedRequest, id: string, created: number): Surface {
  const { legacyFunctions, includeUsage, names } = translated
  const shape = { id, created, legacyFunctions }
  return {
    createStream() {
      const translator = createChunkTranslator({
        ...shape,
        includeUsage,
        names,
        logprobs: translated.logprobs,
      })
      const encode = (items: ReturnType<typeof translator.push>) =>
        items.map(encodeCompletionStreamItem).join('')
      return {
        chunk(chunk) {
          const text = encode(chunk.events.flatMap(translator.push))
          // Pings and thinking have no chunk here. Without a byte, proxies would cut the stream, and a client that
          // has disconnected would never be noticed.
          return text === '' && chunk.events.some(showsLife) ? encodeSseComment('ping') : text
        },
        nonStreaming: (body, status) =>
          encodeCompletionStreamItem(toOpenAiError({ status, body: parse(decode(body.bytes)) }, names).body),
        error: (error) => encode(translator.fail(error)),
        end: () => encode(translator.end()),
      }
    },
    nonStreaming(body, status) {
      const json = decode(body.bytes)
      if (body.message === undefined) {
        const error = toOpenAiError({ status, body: parse(json) }, names)
        return { status: error.status, bytes: JSON.stringify(error.body) }
      }
      const logprobs = translated.logprobs
        ? { logprobs: (body.events ?? []).flatMap((event) => logprobOf(event) ?? []) }
        : {}
      const message = withExactInputs(body.message, json)
      return { status, bytes: JSON.stringify(toChatCompletion(message, { ...shape, ...logprobs })) }
    },
    error: (error) => toOpenAiError(error, names),
  }
}

function showsLife({ type }: StreamEvent): boolean {
  return type === 'ping' || type === 'content_block_delta'
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
