/**
 * What a store of complete answers offers. A store that fails is a miss and a log line, never a failed request.
 */
import type { Message } from '../../shared/messages.ts'
import type { Target } from '../target.ts'

export type CacheEntry = {
  readonly message: Message
  /** The target that gave the answer. */
  readonly target: Target
  /** Milliseconds since the epoch. */
  readonly storedAt: number
}

export type CacheStats = {
  readonly entries: number
  readonly bytes: number
  readonly hits: number
  readonly misses: number
}

export type AnswerCache = {
  /** Set where nothing is ever kept, so that nobody makes keys for it. */
  readonly isOff?: true
  readonly get: (key: string) => Promise<CacheEntry | undefined>
  readonly set: (key: string, entry: CacheEntry) => Promise<void>
  readonly stats: () => CacheStats
}
