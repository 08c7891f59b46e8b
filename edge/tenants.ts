/**
 * Who may call the router: parses `ROUTER_KEYS`, finds the tenant of a credential, holds each tenant's policy.
 * Compares digests in constant time; does not read headers (see `middleware/auth.ts`).
 */

import * as z from 'zod/mini'
import { sha256Hex } from '../shared/digest.ts'
import { isHeaderValue } from '../shared/header-value.ts'

/** Request controls that an operator can forbid a tenant. */
export const CONTROLS = ['force', 'strategy', 'cache', 'privacy', 'explain'] as const
export type ControlName = (typeof CONTROLS)[number]

export type Tenant = {
  /** Unique among tenants; names that the router gives itself are refused in `ROUTER_KEYS`. */
  readonly id: string
  readonly admin: boolean
  /** Controls whose headers answer 403 for this tenant. */
  readonly forbid: readonly ControlName[]
}

/** A tenant and the SHA-256 digest, in hex, of one of its keys. Two entries with one id allow a key to be rotated. */
export type TenantKey = { readonly tenant: Tenant; readonly digest: string }

const entrySchema = z.strictObject({
  id: z
    .string()
    .check(z.regex(/^[\w.-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, "_", "." or "-"' })),
  key: z.string(),
  forbid: z.optional(z.array(z.enum(CONTROLS))),
})
const MINIMUM_KEY_LENGTH = 16
/** Callers that the router names itself: the administrator, anybody, and clients known by their own Claude key. */
const RESERVED_ID = /^(admin|anonymous|client-.*)$/i

/**
 * Parses `ROUTER_KEYS`: either `tenant:key` pairs separated by commas or spaces, or a JSON array of
 * `{"id","key","forbid"?}`. A key may be given as `sha256:<64 hex digits>`, so that it stands nowhere in clear.
 * @returns the keys' digests, or a sentence that says what is wrong (never quoting a key)
 */
export async function parseRouterKeys(text: string): Promise<TenantKey[] | string> {
  const entries = text.trimStart().startsWith('[') ? parseJsonEntries(text) : parsePairs(text)
  if (typeof entries === 'string') return entries
  const keys: TenantKey[] = []
  for (const { id, key, forbid } of entries) {
    if (RESERVED_ID.test(id))
      return `ROUTER_KEYS: the tenant name "${id}" is the router's own. Choose another, such as "${id.slice(0, 40)}-team"`
    const read = await readKey(key)
    if (typeof read === 'string') return `ROUTER_KEYS: the key of tenant "${id}" ${read}`
    keys.push({ tenant: { id, admin: false, forbid: forbid ?? [] }, digest: read.digest })
  }
  return keys
}

/**
 * Reads one key as settings give it: in clear, or as `sha256:<64 hex digits>`.
 * @returns its digest, or what is wrong with it, to stand behind the key's name (never quoting the key)
 */
export async function readKey(key: string): Promise<{ readonly digest: string } | string> {
  const given = /^sha256:([0-9a-f]{64})$/i.exec(key)?.[1]
  if (given !== undefined) return { digest: given.toLowerCase() }
  // Half a digest, or one of another kind, is no secret: taken for a key in clear it would let in whoever has seen it.
  const digestKind = /^(sha-?\d+|md5)[:=-]/i.exec(key)?.[0].toLowerCase()
  if (digestKind !== undefined)
    return `begins with ${digestKind} but is not sha256: followed by 64 hexadecimal digits`
  if (key.length < MINIMUM_KEY_LENGTH) return `is shorter than ${MINIMUM_KEY_LENGTH} characters`
  if (!isHeaderValue(key))
    return 'holds characters that no header can carry. Use letters, digits and punctuation of ASCII'
  return { digest: await sha256Hex(key) }
}

/**
 * Returns the tenant whose key this is, or undefined.
 * Every known digest is compared, each in constant time, so that neither length nor prefix nor position shows.
 */
export async function findTenant(
  keys: readonly TenantKey[],
  credential: string,
): Promise<Tenant | undefined> {
  const digest = await sha256Hex(credential)
  let found: Tenant | undefined
  for (const key of keys) if (equalInConstantTime(key.digest, digest)) found = key.tenant
  return found
}

type Entry = z.infer<typeof entrySchema>

function parsePairs(text: string): Entry[] | string {
  const entries: Entry[] = []
  for (const pair of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const colon = pair.indexOf(':')
    const parsed = entrySchema.safeParse({
      id: pair.slice(0, Math.max(colon, 0)),
      key: pair.slice(colon + 1),
    })
    if (!parsed.success) return 'ROUTER_KEYS must be "tenant:key" pairs separated by commas, or a JSON array'
    entries.push(parsed.data)
  }
  return entries.length > 0 ? entries : 'ROUTER_KEYS holds no key'
}

function parseJsonEntries(text: string): Entry[] | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'ROUTER_KEYS begins with "[" but is not a JSON array'
  }
  const parsed = z.array(entrySchema).check(z.minLength(1)).safeParse(value)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
  return `ROUTER_KEYS: entry ${path || '0'} is not {"id", "key", "forbid"?: [${CONTROLS.join(', ')}]}`
}

function equalInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length
  for (let index = 0; index < left.length; index++)
    difference |= left.charCodeAt(index) ^ (right.charCodeAt(index) || 0)
  return difference === 0
}
