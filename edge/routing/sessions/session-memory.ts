/**
 * The sessions that this isolate remembers, each for as long as the prompt cache that it tells of lives. Holds digests and
 * numbers, no content; forgotten with the isolate. Judges nothing.
 */
import { LRUCache } from 'lru-cache'
import { cacheLifeMs } from './cache-life.ts'
import { type ConversationTurn, keyAfter, keyBefore } from './conversation-key.ts'
import type { Session } from './session.ts'

/** What is known of the conversation that a turn belongs to. */
export type Recalled = {
  /** What the turn before left; undefined where nothing is known to be warm. */
  readonly session: Session | undefined
  /** Leaves a session to the next turn, which finds it as soon as the promise is fulfilled. Never rejects. */
  readonly keep: (session: Session) => Promise<void>
}

export type SessionMemory = {
  readonly recall: (turn: ConversationTurn) => Promise<Recalled>
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
  const put = (after: string, session: Session) => {
    const ttl = session.usedAt + session.lifeMs - now()
    // To the cache a life of 0 is one without end.
    if (ttl > 0) sessions.set(after, session, { ttl })
  }
  return {
    async recall(turn) {
      // Digests of long conversations cost time, which is not spent where nothing is cached. The router may still have it cached.
      if (sessions.size === 0 && cacheLifeMs(turn.view) === undefined)
        return {
          session: undefined,
          // Without a key nobody can find it: it is forgotten.
          keep: (session) => keyAfter(turn).then((after) => put(after, session), ignore),
        }
      const [before, after] = await Promise.all([keyBefore(turn), keyAfter(turn)])
      return {
        session: before === undefined ? undefined : sessions.get(before),
        keep: async (session) => put(after, session),
      }
    },
  }
}

function ignore(): void {}
