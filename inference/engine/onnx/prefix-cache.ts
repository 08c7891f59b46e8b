/**
 * Keys and values of prompts that were read before, by their tokens, in blocks; the least recently used go first.
 * Never mixes scopes: what one scope has put in, only the same scope finds.
 */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import {
  type CacheArray,
  type CacheShape,
  cacheBytesPerToken,
  type KeyValueCache,
  PIECE_POSITIONS,
} from './key-value-cache.ts'

export type PrefixCache = {
  /**
   * Appends to an empty row, one cache for each part of the model, what is known of the prompt; returns its tokens.
   * @param most tokens that may come from here; absent: all but the last one
   */
  readonly restore: (
    ids: readonly number[],
    scope: string,
    row: readonly KeyValueCache[],
    most?: number,
  ) => number
  /** Keeps what a row holds of a prompt. */
  readonly keep: (ids: readonly number[], scope: string, row: readonly KeyValueCache[]) => void
  readonly stats: () => PrefixStats
}

export type PrefixStats = {
  /** Tokens of prompts that were looked up. */
  readonly lookupTokens: number
  readonly hitTokens: number
  readonly bytes: number
}

type Block = readonly CacheArray[]

export type PrefixCacheOptions = {
  readonly maxBytes: number
  readonly shapes: readonly CacheShape[]
  /** Tokens with which every prompt of the model begins where no one says anything: the same for all scopes. */
  readonly common: readonly (readonly number[])[]
}

/** Returns an empty cache. */
export function createPrefixCache({ maxBytes, shapes, common }: PrefixCacheOptions): PrefixCache {
  const blockBytes = PIECE_POSITIONS * shapes.reduce((sum, shape) => sum + cacheBytesPerToken(shape), 0)
  const max = Math.floor(maxBytes / blockBytes)
  const blocks = max < 1 ? undefined : new LRUCache<string, Block>({ max })
  let lookupTokens = 0
  let hitTokens = 0

  // A block's key tells everything before it as well: the digest of the key before and of its own tokens.
  const keysOf = (ids: readonly number[], scope: string, count: number): string[] => {
    const shared = sharedTokens(ids, common)
    const keys: string[] = []
    let before = ''
    for (let block = 0; block < count; block++) {
      const end = (block + 1) * PIECE_POSITIONS
      const owner = end <= shared ? 'all' : `of ${scope}`
      const tokens = ids.slice(end - PIECE_POSITIONS, end).join(',')
      before = createHash('sha256').update(`${owner}\0${before}\0${tokens}`).digest('base64')
      keys.push(before)
    }
    return keys
  }

  return {
    restore(ids, scope, row, most = ids.length) {
      if (!blocks) return 0
      lookupTokens += ids.length
      // At least one token is read: its logits are wanted.
      const count = Math.floor(Math.min(most, ids.length - 1) / PIECE_POSITIONS)
      let restored = 0
      for (const key of keysOf(ids, scope, count)) {
        const block = blocks.get(key)
        if (!block) break
        for (const [part, cache] of row.entries()) {
          const data = block[part]
          cache.reserve(restored + PIECE_POSITIONS)
          if (data) cache.copyIn(data, PIECE_POSITIONS)
        }
        restored += PIECE_POSITIONS
      }
      hitTokens += restored
      return restored
    },
    keep(ids, scope, row) {
      if (!blocks) return
      const held = Math.min(ids.length, ...row.map((cache) => cache.lengthOf(0)))
      const keys = keysOf(ids, scope, Math.floor(held / PIECE_POSITIONS))
      // Last first, so that the beginning, which more prompts share, is the most recently used.
      for (const [index, key] of [...keys.entries()].reverse()) {
        if (blocks.get(key)) continue
        const start = index * PIECE_POSITIONS
        blocks.set(
          key,
          row.map((cache) => cache.copyOut(start, PIECE_POSITIONS)),
        )
      }
    },
    stats: () => ({ lookupTokens, hitTokens, bytes: (blocks?.size ?? 0) * blockBytes }),
  }
}

/** Returns how many tokens a prompt shares with the longest of the common beginnings. */
function sharedTokens(ids: readonly number[], common: readonly (readonly number[])[]): number {
  let longest = 0
  for (const beginning of common) {
    let shared = 0
    while (shared < beginning.length && beginning[shared] === ids[shared]) shared++
    longest = Math.max(longest, shared)
  }
  return longest
}
