/**
 * `POST /v1/messages`: Anthropic's Messages API, JSON and SSE.
 */
import { namedUser } from '../ledger/end-user.ts'
import { answer, anthropicError, clientSignal, type Surface } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'
import { createUserReader } from './read-user.ts'
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
    const bytes = await readJsonBytes(context.req.raw, dependencies.config.maxBodyBytes)
    const body = checkBody(bytes)
    const user = await readUser(context, namedUser(body.value))
    const request = createRouterRequest(context, body, signal, { user })
    return answer(dependencies, request, messagesSurface, disconnect)
  }
}
