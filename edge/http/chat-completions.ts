/**
 * `POST /v1/chat/completions`: OpenAI's API as a translation at the border. Behind it everything is the Messages API.
 */
import { encodeSseComment } from '../../shared/sse.ts'
import { toChatCompletion } from '../chat-completions/chat-completion.ts'
import { createChunkTranslator } from '../chat-completions/chunk-translator.ts'
import { type TranslatedRequest, toMessagesRequest } from '../chat-completions/messages-request.ts'
import { encodeCompletionStreamItem } from '../chat-completions/sse-frames.ts'
import { withExactMembers } from '../openai/exact-json.ts'
import { logprobOf } from '../openai/logprobs.ts'
import { toOpenAiError } from '../openai/openai-error.ts'
import { withExactInputs } from '../openai/tool-arguments.ts'
import { answer, clientSignal, type Surface } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody } from './read-request.ts'
import { createUserReader } from './read-user.ts'
import { recordingRefusal, type Understood } from './recording-refusal.ts'
import { createTranslatedRequests } from './translated-request.ts'
import { decode, parseOrNothing, showsLife } from './upstream-answer.ts'

/** Members that hold schemas of the client's, whose numbers keep their digits. */
const SCHEMAS: ReadonlySet<string> = new Set(['tools', 'functions', 'response_format'])

/** Returns the handler. */
export function createChatCompletionsHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const createRequest = createTranslatedRequests(dependencies)
  const readUser = createUserReader(dependencies.config.users)
  return async (context) => {
    const { signal, disconnect } = clientSignal(context)
    const read = async (understood: Understood) => {
      const body = checkBody(await readJsonBytes(context.req.raw, dependencies.config.maxBodyBytes))
      understood.body = body.value
      const translated = toMessagesRequest(withExactMembers(body.value, body.text, SCHEMAS))
      const { logprobs, jsonObject, unlimited, cutAt } = translated
      understood.user = await readUser(context, translated.user)
      const request = await createRequest(
        context,
        { ...translated, nameOfUser: understood.user, surface: 'chat_completions' },
        { logprobs, structured: jsonObject, unlimited, cutAt },
        signal,
      )
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
          encodeCompletionStreamItem(
            toOpenAiError({ status, body: parseOrNothing(decode(body.bytes)) }, names).body,
          ),
        error: (error) => encode(translator.fail(error)),
        end: () => encode(translator.end()),
      }
    },
    nonStreaming(body, status) {
      const json = decode(body.bytes)
      if (body.message === undefined) {
        const error = toOpenAiError({ status, body: parseOrNothing(json) }, names)
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
