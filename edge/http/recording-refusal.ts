/**
 * Runs what every surface does before the gateway gets a request: reading, checking, translating. What is refused there
 * leaves its receipt, which from the gateway on is the gateway's affair. Answers nothing.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ApiSurface } from '../request.ts'
import { type AppContext, type AppDependencies, waitUntilOf } from './context.ts'
import { passedHeaders } from './read-request.ts'

/** What has been understood of a request so far: readers fill it in as they go. */
export type Understood = { body?: unknown; user?: string | undefined }

/**
 * Returns what `read` returns.
 * @param read everything up to the gateway, and nothing of what follows: exactly one receipt is made of each request
 * @throws what `read` throws
 */
export async function recordingRefusal<T>(
  { gateway }: Pick<AppDependencies, 'gateway'>,
  context: AppContext,
  surface: ApiSurface,
  read: (understood: Understood) => Promise<T>,
): Promise<T> {
  const understood: Understood = {}
  try {
    return await read(understood)
  } catch (error) {
    const { headers } = context.req.raw
    const arrival = {
      id: context.get('requestId'),
      tenant: context.get('tenant'),
      surface,
      user: understood.user,
      startedAt: context.get('startedAt'),
      waitUntil: waitUntilOf(context),
      header: (name: string) => headers.get(name) ?? undefined,
      passHeaders: passedHeaders(headers).passHeaders,
      ...asked(understood.body),
    }
    await gateway.refuse(arrival, RouterError.from(error))
    throw error
  }
}

/** A body that is refused may be anything. */
function asked(body: unknown): { readonly requestedModel: string; readonly stream: boolean } {
  const member = (name: 'model' | 'stream'): unknown =>
    typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  const model = member('model')
  return { requestedModel: typeof model === 'string' ? model : '', stream: member('stream') === true }
}
