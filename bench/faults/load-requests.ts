/** What the clients of the load ask, from a seed: who is simple, who streams, who may only be answered here, who hangs up. */
import { seededRandom } from '../../inference/engine/text/sampler.ts'
import type { LoadRequest } from './load-client.ts'

const SIMPLE = ['Good morning!', 'Hello there!', 'Thanks a lot, bye!', 'Hi, how are you today?']
const COMPLEX = 'Refactor this recursive quicksort in Python and prove its worst-case time complexity.'
const LONGEST_STAY_MS = 400

/** Returns what makes one request after another. @param key of the router */
export function loadRequests(seed: number, key: string): () => LoadRequest {
  const random = seededRandom(seed)
  let count = 0
  return () => {
    const kind = random()
    const stream = random() < 0.5
    const text = kind < 0.3 ? COMPLEX : (SIMPLE[Math.floor(random() * SIMPLE.length)] ?? '')
    // A tenth may only be answered by the local model: to them it says itself that it has no room.
    const local: Record<string, string> = kind > 0.9 ? { 'x-router-privacy': 'local' } : {}
    return {
      text,
      stream,
      headers: { 'x-api-key': key, ...local },
      hangsUpAfterMs: stream && random() < 0.02 ? random() * LONGEST_STAY_MS : undefined,
      user: `u${++count}`,
    }
  }
}
