/**
 * `POST /v1/messages`: Anthropic's Messages API, JSON and SSE.
 */
import { namedUser } from '../ledger/end-user.ts'
import { answer, anthropicError, clientSignal, type Surface } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'
import { createUserReader } from './read-user.ts'
import { recordingRefusal } from './recording-refusal.ts'
import { messagesStreamWriter } from './sse-response.ts'

const messagesSurface: Surface = {
  createStream: () => messagesStreamWriter,
  nonStreaming: (body, status) => ({ status, bytes: body.bytes }),
  error: anthropicError,
}

/** Returns the handler. */
export function createMessagesHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const readUser = createUserReader(dependencies.config.users)
  return async (context) => {
    const { signal, disconnect } = clientSignal(context)
    const request = await recordingRefusal(dependencies, context, 'messages', async (understood) => {
      const body = checkBody(await readJsonBytes(context.req.raw, dependencies.config.maxBodyBytes))
      understood.body = body.value
      understood.user = await readUser(context, namedUser(body.value))
      return createRouterRequest(context, body, signal, { user: understood.user })
    })
    return answer(dependencies, request, messagesSurface, disconnect)
  }
}
