/**
 * Who may call the router: parses `ROUTER_KEYS`, finds the tenant of a credential, holds each tenant's policy.
 * Compares digests in constant time; does not read headers (see `middleware/auth.ts`).
 */

import * as z from 'zod/mini'
import { sha256Hex } from '../shared/digest.ts'
import { isHeaderValue } from '../shared/header-value.ts'
import { type TenantLimits, tenantLimitsSchema } from './budgets/limits.ts'
import { describeFirstIssue, strictMembers } from './strict-members.ts'
import { POLICY_MEMBERS, type TenantPolicy } from './tenant-policy.ts'

export type Tenant = TenantPolicy & {
  /** Unique among tenants; names that the router gives itself are refused to keys. */
  readonly id: string
  readonly admin: boolean
}

/** A tenant and the SHA-256 digest, in hex, of one of its keys. Two entries with one id allow a key to be rotated. */
export type TenantKey = {
  readonly tenant: Tenant
  readonly digest: string
  /** Of the tenant, whichever of its keys is used. */
  readonly limits?: TenantLimits | undefined
}

const idError = 'must be the name of a tenant: 1 to 64 letters, digits, "_", "." or "-"'
/** The name of a tenant, reserved ones included. */
export const tenantIdSchema = z
  .string({ error: idError })
  .check(z.regex(/^[\w.-]{1,64}$/, { error: idError }))

const entrySchema = strictMembers(
  {
    id: tenantIdSchema,
    key: z.string({ error: 'must be a text' }),
    strategy: z.optional(POLICY_MEMBERS.strategy),
    models: z.optional(POLICY_MEMBERS.models),
    forbid: z.optional(POLICY_MEMBERS.forbid),
    promptCache: z.optional(POLICY_MEMBERS.promptCache),
    limits: z.optional(tenantLimitsSchema),
  },
  false,
)
const MINIMUM_KEY_LENGTH = 16
/** Begins the names of clients that are known by their own Claude key; no key's tenant may be called so. */
export const CLIENT_PREFIX = 'client-'
/** Callers that the router names itself: the administrator, anybody, and clients known by their own Claude key. */
const RESERVED_ID = /^(admin|anonymous|client-.*)$/i

/**
 * Parses `ROUTER_KEYS`: either `tenant:key` pairs separated by commas or spaces, or a JSON array of
 * `{"id","key","strategy"?,"models"?,"forbid"?,"promptCache"?,"limits"?}`. A key may be given as `sha256:<64 hex digits>`, so that it stands nowhere in clear.
 * @returns the keys' digests, or a sentence that says what is wrong (never quoting a key)
 */
export async function parseRouterKeys(text: string): Promise<TenantKey[] | string> {
  const entries = text.trimStart().startsWith('[') ? parseJsonEntries(text) : parsePairs(text)
  if (typeof entries === 'string') return entries
  const keys: TenantKey[] = []
  for (const { id, key, limits, strategy, models, forbid = [], promptCache } of entries) {
    const reserved = reservedProblem(id)
    if (reserved !== undefined) return `ROUTER_KEYS: ${reserved}`
    const read = await readKey(key)
    if (typeof read === 'string') return `ROUTER_KEYS: the key of tenant "${id}" ${read}`
    keys.push({
      tenant: { id, admin: false, strategy, models, forbid, promptCache },
      digest: read.digest,
      limits,
    })
  }
  return keys
}

/** Returns what is wrong with a name that no key's tenant may have, or undefined. */
export function reservedProblem(id: string): string | undefined {
  // Clients and proxies take these out of a path, so nobody could ask for such a tenant's limits.
  if (/^\.{1,2}$/.test(id)) return `the tenant name "${id}" cannot stand in a path. Choose another`
  if (!RESERVED_ID.test(id)) return undefined
  return `the tenant name "${id}" is the router's own. Choose another, such as "${id.slice(0, 40)}-team"`
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
  if (!Array.isArray(value) || value.length === 0) return 'ROUTER_KEYS holds a JSON array without an entry'
  const entries: Entry[] = []
  for (const [index, each] of value.entries()) {
    const parsed = entrySchema.safeParse(each)
    if (!parsed.success)
      return `ROUTER_KEYS: entry ${index + 1}: ${describeFirstIssue(parsed.error, 'the entry')}`
    entries.push(parsed.data)
  }
  return entries
}

function equalInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length
  for (let index = 0; index < left.length; index++)
    difference |= left.charCodeAt(index) ^ (right.charCodeAt(index) || 0)
  return difference === 0
}
