/**
 * `POST /v1/responses`: OpenAI's Responses API as a translation at the border. Behind it everything is the Messages API;
 * what is kept for `previous_response_id` is kept before the client reads that its answer is complete.
 */
import { replay } from '../../shared/events.ts'
import { encodeSseComment } from '../../shared/sse.ts'
import { toOpenAiError } from '../openai/openai-error.ts'
import { withExactInputs } from '../openai/tool-arguments.ts'
import { createEventTranslator, type EventTranslator } from '../responses/event-translator.ts'
import { keepResponse } from '../responses/kept-conversation.ts'
import type { TranslatedResponsesRequest } from '../responses/messages-request.ts'
import { createFrame, type ResponseObject, responseId } from '../responses/response-object.ts'
import { encodeResponseEvent } from '../responses/sse-frames.ts'
import { answer, clientSignal, type Surface } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody } from './read-request.ts'
import { readResponsesRequest } from './read-responses-request.ts'
import { createUserReader } from './read-user.ts'
import { recordingRefusal, type Understood } from './recording-refusal.ts'
import { createTranslatedRequests } from './translated-request.ts'
import { decode, parseOrNothing, showsLife } from './upstream-answer.ts'

/** Returns the handler. */
export function createResponsesHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, responses, log, now } = dependencies
  const createRequest = createTranslatedRequests(dependencies)
  const readUser = createUserReader(config.users)
  const seconds = () => Math.floor(now() / 1_000)
  return async (context) => {
    const { signal, disconnect } = clientSignal(context)
    const shelf = responses?.of(context.get('tenant').id)
    const read = async (understood: Understood) => {
      const body = checkBody(await readJsonBytes(context.req.raw, config.maxBodyBytes))
      understood.body = body.value
      const { asked, own, privacyLocal, translated } = await readResponsesRequest(
        body,
        shelf,
        config.maxBodyBytes,
      )
      const { logprobs, jsonObject, unlimited } = translated
      understood.user = await readUser(context, translated.user)
      const request = await createRequest(
        context,
        { ...translated, nameOfUser: understood.user, surface: 'responses' },
        { logprobs, structured: jsonObject, unlimited, privacyLocal },
        signal,
      )
      return { asked, own, translated, request }
    }
    const { asked, own, translated, request } = await recordingRefusal(
      dependencies,
      context,
      'responses',
      read,
    )
    // Of the controls: the request's own header counts like what it goes on from.
    const { privacyLocal } = request.controls
    const isKept = shelf !== undefined && asked.store !== false
    const frame = createFrame(asked, { id: responseId(request.id), createdAt: seconds(), store: isKept })
    const surface = createSurface(translated, {
      translator: () => createEventTranslator({ ...translated, frame, now: seconds }),
      keep: async (outcome) => isKept && (await keepResponse(shelf, { own, privacyLocal }, outcome, log)),
    })
    const response = await answer(dependencies, request, surface, disconnect)
    for (const name of translated.ignored) response.headers.append('x-router-ignored', name)
    return response
  }
}

type Parts = {
  readonly translator: () => EventTranslator
  /** Returns whether the response is kept. */
  readonly keep: (outcome: ResponseObject) => Promise<boolean>
}

function createSurface({ names }: TranslatedResponsesRequest, { translator: create, keep }: Parts): Surface {
  return {
    createStream() {
      const translator = create()
      const encode = (events: ReturnType<typeof translator.push>) => events.map(encodeResponseEvent).join('')
      return {
        chunk(chunk) {
          const text = encode(chunk.events.flatMap(translator.push))
          const outcome = translator.outcome()
          if (outcome !== undefined)
            return keep(outcome).then((isKept) => text + encode(translator.complete(isKept).events))
          // Pings have no event here. Without a byte, proxies would cut the stream.
          return text === '' && chunk.events.some(showsLife) ? encodeSseComment('ping') : text
        },
        nonStreaming: (body, status) =>
          encode(translator.fail({ status, body: parseOrNothing(decode(body.bytes)) })),
        error: (error) => encode(translator.fail(error)),
        end: () => encode(translator.end()),
      }
    },
    async nonStreaming(body, status) {
      const json = decode(body.bytes)
      const { message } = body
      if (message === undefined) {
        const error = toOpenAiError({ status, body: parseOrNothing(json) }, names)
        return { status: error.status, bytes: JSON.stringify(error.body) }
      }
      const translator = create()
      for (const event of body.events ?? replay(withExactInputs(message, json))) translator.push(event)
      const outcome = translator.outcome()
      if (outcome === undefined) {
        const error = toOpenAiError({ status: 502, body: undefined }, names)
        return { status: error.status, bytes: JSON.stringify(error.body) }
      }
      return { status, bytes: JSON.stringify(translator.complete(await keep(outcome)).response) }
    },
    error: (error) => toOpenAiError(error, names),
  }
}
