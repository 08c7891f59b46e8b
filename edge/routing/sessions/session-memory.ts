/**
 * The sessions that this isolate remembers, each for as long as the prompt cache that it tells of lives. Holds digests and
 * numbers, no content; forgotten with the isolate. Judges nothing.
 */
import { LRUCache } from 'lru-cache'
import { type ConversationTurn, keyAfter, keyBefore } from './conversation-key.ts'
import type { Session } from './session.ts'

export type SessionMemory = {
  /** Returns what the turn before left, or undefined where nothing is known to be warm. */
  readonly find: (turn: ConversationTurn) => Promise<Session | undefined>
  /** Leaves a session to the next turn. */
  readonly keep: (turn: ConversationTurn, session: Session) => Promise<void>
}

export type SessionMemoryOptions = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly maxSessions?: number
}

/** Some 400 bytes each. */
const MAX_SESSIONS = 10_000

/** Returns an empty memory; of too many sessions those used longest ago are forgotten. */
export function createSessionMemory({
  now,
  maxSessions = MAX_SESSIONS,
}: SessionMemoryOptions): SessionMemory {
  const sessions = new LRUCache<string, Session>({ max: maxSessions, ttlResolution: 0, perf: { now } })
  return {
    async find(turn) {
      // Digests of long conversations cost time, which those whose clients never ask for a cache need not spend.
      if (sessions.size === 0) return undefined
      const key = await keyBefore(turn)
      return key === undefined ? undefined : sessions.get(key)
    },
    async keep(turn, session) {
      const key = await keyAfter(turn)
      const ttl = session.usedAt + session.lifeMs - now()
      // To the cache a life of 0 is one without end.
      if (ttl > 0) sessions.set(key, session, { ttl })
    },
  }
}
