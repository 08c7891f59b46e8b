/**
 * Makes the gateway's request of one that was translated from a format of OpenAI's: the model's name as routing knows it,
 * and who the user is, by a hash alone. Translates nothing itself.
 */
import { sha256Hex } from '../../shared/digest.ts'
import type { MessagesRequest } from '../../shared/messages.ts'
import { routableModel } from '../openai/model-name.ts'
import type { Controls, RouterRequest } from '../request.ts'
import { type AppContext, type AppDependencies, waitUntilOf } from './context.ts'
import { createRouterRequest } from './read-request.ts'

type Translated = {
  readonly request: MessagesRequest
  /** Who the client says its user is. */
  readonly user: string | undefined
  /** Who the user is for the receipt: hashed where the operator wants that. */
  readonly nameOfUser: string | undefined
  readonly surface: RouterRequest['surface']
}

type Wishes = Partial<Pick<RouterRequest, 'logprobs' | 'structured' | 'unlimited' | 'cutAt'>> &
  Partial<Pick<Controls, 'privacyLocal'>>

/** Returns a function that makes requests. It throws what `createRouterRequest` throws. */
export function createTranslatedRequests(
  dependencies: Pick<AppDependencies, 'local'>,
): (
  context: AppContext,
  translated: Translated,
  wishes: Wishes,
  signal: AbortSignal,
) => Promise<RouterRequest> {
  return async (context, { request, user, nameOfUser, surface }, wishes, signal) => {
    const value = {
      ...request,
      model: await modelOf(request.model, dependencies, context),
      ...(await metadataOf(user, context.get('tenant').id)),
    }
    const text = JSON.stringify(value)
    const body = { body: new TextEncoder().encode(text), text, value }
    const options = { ...wishes, surface, user: nameOfUser, translated: true }
    return createRouterRequest(context, body, signal, options)
  }
}

async function modelOf(
  name: string,
  { local }: Pick<AppDependencies, 'local'>,
  context: AppContext,
): Promise<string> {
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
