/**
 * A cache that cannot fail a request: what cannot be read soon is a miss, what cannot be written is not kept, and the log says
 * so. Keys are made here, so that reading and writing cannot disagree.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { RouterRequest } from '../request.ts'
import type { Target } from '../target.ts'
import type { AnswerCache, CacheEntry } from './cache.ts'
import { cacheKey, isCacheableAnswer } from './key.ts'

export type SafeCache = {
  /** Returns the answer that this target gave to the same request before. Never throws. */
  readonly read: (request: RouterRequest, target: Target) => Promise<CacheEntry | undefined>
  /** Keeps an answer under the target that gave it, if it is complete and plain. Never throws. */
  readonly write: (request: RouterRequest, entry: CacheEntry) => Promise<void>
}

/** A store that takes longer costs more than it saves. */
const LONGEST_READ_MS = 50

/** Returns a safe cache over `cache`. */
export function createSafeCache(cache: AnswerCache, log: Log): SafeCache {
  if (cache.isOff) return { read: async () => undefined, write: async () => {} }
  const keyOf = createKeys()
  return {
    async read(request, target) {
      try {
        const found = cache.get(await keyOf(request, target)).then((entry) => ({ entry }))
        const read = await settledWithin(found, LONGEST_READ_MS)
        if (read === undefined) log('[Router] The cache does not answer', { requestId: request.id }, 'error')
        return read?.entry
      } catch (error) {
        log('[Router] The cache cannot be read', { requestId: request.id, name: causeName(error) }, 'error')
        return undefined
      }
    },
    async write(request, entry) {
      if (!isCacheableAnswer(entry.message)) return
      try {
        await cache.set(await keyOf(request, entry.target), entry)
      } catch (error) {
        log(
          '[Router] The cache cannot be written',
          { requestId: request.id, name: causeName(error) },
          'error',
        )
      }
    },
  }
}

/** Makes the key of a request and a target once: what was not found is written under it. */
function createKeys(): typeof cacheKey {
  const made = new WeakMap<RouterRequest, { readonly target: Target; readonly key: Promise<string> }>()
  return (request, target) => {
    const last = made.get(request)
    if (last !== undefined && isSame(last.target, target)) return last.key
    const key = cacheKey(request, target)
    made.set(request, { target, key })
    return key
  }
}

/** As far as a key depends on it. */
function isSame(one: Target, other: Target): boolean {
  return (
    one.provider === other.provider &&
    one.model === other.model &&
    (one.mayHandOver ?? false) === (other.mayHandOver ?? false) &&
    (one.verified ?? false) === (other.verified ?? false)
  )
}
