/**
 * Finds out which end user a request is for: the header that the operator names, then what the body says. Hashes the
 * name where the operator wants that, before anything else sees it.
 */
import { cleanName, hashUser, type UserSettings } from '../ledger/end-user.ts'
import type { AppContext } from './context.ts'

/** Returns the user's name or its hash, or undefined where neither header nor body names one. */
export type UserReader = (context: AppContext, inBody: string | undefined) => Promise<string | undefined>

/** Returns the reader by these settings. */
export function createUserReader({ header, salt }: UserSettings): UserReader {
  return async (context, inBody) => {
    const inHeader = header === undefined ? undefined : context.req.header(header)
    const user = cleanName(inHeader) ?? cleanName(inBody)
    if (user === undefined || salt === undefined) return user
    return hashUser(salt, context.get('tenant').id, user)
  }
}
