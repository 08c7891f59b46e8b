/**
 * What the soak asks, and what becomes of each request: random lengths, conversations that share beginnings, clients that
 * stay, stop reading or hang up. The same seed, the same soak.
 */
import { seededRandom } from '../../inference/engine/text/sampler.ts'
import type { MessageRequest } from './container-process.ts'

const WORDS = (
  'river stone window garden winter summer letter market bridge yellow silver copper table chair morning evening ' +
  'doctor teacher sailor farmer singer bread butter apple orange ticket station engine mountain valley'
).split(' ')

const SYSTEMS = [
  undefined,
  'You are the assistant of a small bakery. Answer in one sentence.',
  'You are a helpful guide in a museum of ships and maps. Be brief and friendly, and never invent a date.',
]

/** Kept: read to its end. Stopped: its client hangs up after some pieces of text. Gone: after some time, come what may. */
export type Fate =
  | { readonly type: 'kept' }
  | { readonly type: 'stopped'; readonly pieces: number }
  | { readonly type: 'gone'; readonly afterMs: number }

export type SoakStep = {
  /** Index into the requests. */
  readonly request: number
  readonly tenant: string
  readonly fate: Fate
  readonly pauseMs: number
}

const TENANTS = ['alice', 'bob', 'carol']
const LONGEST_PROMPT_WORDS = 300
const LONGEST_ANSWER_TOKENS = 48

/** Returns different requests, each of which is asked alone first. */
export function soakRequests(count: number, seed: number): readonly MessageRequest[] {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const words = (most: number) =>
    Array.from({ length: 1 + below(most) }, () => WORDS[below(WORDS.length)]).join(' ')
  return Array.from({ length: count }, (_, index) => {
    const system = SYSTEMS[below(SYSTEMS.length)]
    // Most are short, as those of a chat are; the number makes each another one.
    const question = `${index + 1}: ${words(below(4) === 0 ? LONGEST_PROMPT_WORDS : 40)}`
    const earlier = below(3) === 0 ? EARLIER : []
    // An answer that was begun by words in turn goes on for as long as it may.
    const begun =
      below(2) === 0 ? [{ role: 'assistant' as const, content: 'stone river '.repeat(8).trim() }] : []
    return {
      ...(system === undefined ? {} : { system }),
      messages: [...earlier, { role: 'user', content: question }, ...begun],
      max_tokens: 1 + below(LONGEST_ANSWER_TOKENS),
      temperature: 0,
    }
  })
}

const EARLIER: MessageRequest['messages'] = [
  { role: 'user', content: 'Good morning! What do you have that is fresh today?' },
  { role: 'assistant', content: 'Good morning! Bread, and apple cake.' },
]

/** Returns what clients do, one step after another. */
export function soakSteps(count: number, requests: number, seed: number): readonly SoakStep[] {
  const random = seededRandom(seed + 1)
  const fate = (): Fate => {
    const share = random()
    if (share < 0.75) return { type: 'kept' }
    if (share < 0.9) return { type: 'stopped', pieces: 1 + Math.floor(random() * 12) }
    return { type: 'gone', afterMs: random() * 1_000 }
  }
  return Array.from({ length: count }, () => ({
    request: Math.floor(random() * requests),
    tenant: TENANTS[Math.floor(random() * TENANTS.length)] ?? '',
    fate: fate(),
    pauseMs: random() * 100,
  }))
}
