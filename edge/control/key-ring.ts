/**
 * Finds the tenant of a key made at runtime, in the isolate's copy. Reads no header and counts no attempts.
 */
import { sha256Hex } from '../../shared/digest.ts'
import type { Tenant } from '../tenants.ts'
import type { ControlState } from './control-state.ts'
import type { ControlStore } from './control-store.ts'
import { hasRuntimeForm } from './key-secret.ts'
import { openingDigests, tenantOf } from './runtime-key.ts'

export type KeyRing = {
  /**
   * Returns whose key this is; undefined where it opens nothing, `unknown` where nobody can say, because what is set at
   * runtime could not be read yet.
   * @param at milliseconds since the epoch
   */
  readonly find: (credential: string, at: number) => Promise<Tenant | undefined | 'unknown'>
}

type Opening = { readonly tenant: Tenant; readonly until: number }

/** Returns the ring over what is known. */
export function createKeyRing(known: ControlStore['known']): KeyRing {
  let indexed: ControlState | undefined
  let byDigest: ReadonlyMap<string, Opening> = new Map()
  return {
    async find(credential, at) {
      if (!hasRuntimeForm(credential)) return undefined
      const digest = await sha256Hex(credential)
      const state = known()
      if (state === undefined) return 'unknown'
      if (state !== indexed) {
        byDigest = index(state)
        indexed = state
      }
      // What the time of a look-up tells of the digest of 256 random bits leads to no key.
      const opening = byDigest.get(digest)
      return opening !== undefined && at < opening.until ? opening.tenant : undefined
    },
  }
}

function index({ keys }: ControlState): ReadonlyMap<string, Opening> {
  return new Map(
    [...keys.values()].flatMap((key) => {
      const tenant = tenantOf(key)
      return openingDigests(key).map(({ digest, until }) => [digest, { tenant, until }] as const)
    }),
  )
}
