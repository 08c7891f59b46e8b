/**
 * `POST /v1/messages`: Anthropic's Messages API, JSON and SSE.
 */
import { answer, anthropicError, clientSignal, type Surface } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'
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
  return async (context) => {
    const { signal, disconnect } = clientSignal(context)
    const bytes = await readJsonBytes(context.req.raw, dependencies.config.maxBodyBytes)
    const request = createRouterRequest(context, checkBody(bytes), signal)
    return answer(dependencies, request, messagesSurface, disconnect)
  }
}
