/**
 * A key made at runtime, as it is kept: digests, dates and what it may ask for, never the key itself. Stores nothing.
 */
import * as z from 'zod/mini'
import { POLICY_MEMBERS } from '../tenant-policy.ts'
import type { Tenant } from '../tenants.ts'

const digest = z.string().check(z.regex(/^[\da-f]{64}$/))
/** Milliseconds since the epoch. */
const moment = z.int()

export const runtimeKeySchema = z.object({
  id: z.string(),
  tenant: z.string(),
  /** The beginning of the key, by which its owner knows it again. */
  prefix: z.string(),
  /** SHA-256 in hexadecimal digits. */
  digest,
  /** What the key was before it was rotated, each with the time until which it still opens. */
  retired: z.array(z.object({ digest, until: moment })),
  createdAt: moment,
  rotatedAt: z.nullable(moment),
  expiresAt: z.nullable(moment),
  strategy: z.optional(POLICY_MEMBERS.strategy),
  models: z.optional(POLICY_MEMBERS.models),
  forbid: POLICY_MEMBERS.forbid,
  promptCache: z.optional(POLICY_MEMBERS.promptCache),
})
export type RuntimeKey = z.infer<typeof runtimeKeySchema>

/** Returns every digest that opens and the time until which it does, ms since the epoch. */
export function openingDigests({
  digest,
  retired,
  expiresAt,
}: RuntimeKey): { readonly digest: string; readonly until: number }[] {
  const expiry = expiresAt ?? Number.POSITIVE_INFINITY
  return [
    { digest, until: expiry },
    ...retired.map((old) => ({ ...old, until: Math.min(old.until, expiry) })),
  ]
}

/** Returns the caller that the key stands for. */
export function tenantOf({ tenant, strategy, models, forbid, promptCache }: RuntimeKey): Tenant {
  return { id: tenant, admin: false, strategy, models, forbid, promptCache }
}
