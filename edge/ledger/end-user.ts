/**
 * Who an end user is, as clients name it in a Messages body, and the form in which that is kept. Reads no header and no
 * setting (`http/read-user.ts`).
 */
import { sha256Hex } from '../../shared/digest.ts'

export type UserSettings = {
  /** The header that names the user, in lower case; undefined: only bodies do. */
  readonly header: string | undefined
  /** Set where names are to be hashed. */
  readonly salt: string | undefined
}

/** Longer names are cut: they are kept with every request. */
const LONGEST_NAME = 256
const HASH_DIGITS = 32
/** Claude Code's, which names the session as well: a user would be another one every morning. */
const WITH_SESSION = /^(user_[\da-f]{8,128}_account_[\da-f-]{0,64})_session_[\da-f-]{1,64}$/i

/** Returns the user that `metadata.user_id` names, without the session that some clients put beside it. */
export function namedUser(body: unknown): string | undefined {
  const metadata = member(body, 'metadata')
  const named = member(metadata, 'user_id')
  return typeof named === 'string' ? cleanName(withoutSession(named)) : undefined
}

/** Returns a name that can be kept, or undefined for one that says nothing. */
export function cleanName(name: string | undefined): string | undefined {
  const trimmed = name?.trim() ?? ''
  // Half a sign is another name in a database than in memory: what counts for one would be released for the other.
  return trimmed === '' ? undefined : trimmed.slice(0, LONGEST_NAME).toWellFormed()
}

/** Returns what stands for a user in the place of its name: the same user of another tenant or deployment is another. */
export async function hashUser(salt: string, tenantId: string, user: string): Promise<string> {
  return (await sha256Hex(JSON.stringify([salt, tenantId, user]))).slice(0, HASH_DIGITS)
}

function withoutSession(named: string): string {
  const user = WITH_SESSION.exec(named)?.[1]
  if (user !== undefined) return user
  if (!named.startsWith('{') || named.length > 4 * LONGEST_NAME) return named
  const parsed = parseJson(named)
  const account = member(parsed, 'account_uuid') || member(parsed, 'device_id')
  return typeof account === 'string' && account !== '' ? account : named
}

function member(value: unknown, name: 'metadata' | 'user_id' | 'account_uuid' | 'device_id'): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
