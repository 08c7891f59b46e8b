/**
 * The cache of one isolate: lru-cache bounded by entries, bytes and age. Forgotten with the isolate.
 */
import { LRUCache } from 'lru-cache'
import type { AnswerCache, CacheEntry } from './cache.ts'

export type MemoryCacheOptions = {
  /** Mean age at which an entry dies, seconds; 0 turns the cache off. */
  readonly ttlSeconds: number
  readonly maxEntries: number
  readonly maxBytes: number
  /** Largest single answer, bytes. */
  readonly maxEntryBytes?: number
  /** Milliseconds, monotonic or not. */
  readonly now?: () => number
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

/** Entries written together must not expire together: each lives the mean ± 10 %. */
const JITTER = 0.1
const MAX_ENTRY_BYTES = 256 * 1024

/** Returns a cache; one with any limit at 0 never holds anything. */
export function createMemoryCache(options: MemoryCacheOptions): AnswerCache {
  const { ttlSeconds, maxEntries, maxBytes, maxEntryBytes = MAX_ENTRY_BYTES, random = Math.random } = options
  let hits = 0
  let misses = 0
  if (ttlSeconds === 0 || maxEntries === 0 || maxBytes === 0) return offCache
  const { now } = options
  const store = new LRUCache<string, CacheEntry>({
    max: maxEntries,
    maxSize: maxBytes,
    maxEntrySize: Math.min(maxEntryBytes, maxBytes),
    sizeCalculation: (entry, key) => key.length + JSON.stringify(entry.message).length,
    ttlResolution: 0,
    ...(now === undefined ? {} : { perf: { now } }),
  })
  return {
    async get(key) {
      const entry = store.get(key)
      if (entry === undefined) misses++
      else hits++
      return entry
    },
    async set(key, entry) {
      const factor = 1 - JITTER + 2 * JITTER * random()
      store.set(key, entry, { ttl: Math.max(1, Math.round(ttlSeconds * 1_000 * factor)) })
    },
    stats: () => ({ entries: store.size, bytes: store.calculatedSize, hits, misses }),
  }
}

const offCache: AnswerCache = {
  isOff: true,
  get: async () => undefined,
  set: async () => {},
  stats: () => ({ entries: 0, bytes: 0, hits: 0, misses: 0 }),
}
