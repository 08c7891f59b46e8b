/** The requests that are sent, by kind, and what the router must say of its answers to them. Sends none. */

export const CONCRETE_MODEL = 'claude-sonnet-5-5'
export const CHUNKS = 100

export type Kind = {
  readonly name: string
  readonly what: string
  readonly headers: Readonly<Record<string, string>>
  /** The one after `number - 1`: no two are the same unless it is the cache that is measured. */
  readonly body: (number: number) => string
  /** Of the number of requests in a round, 0–1. */
  readonly share: number
  /** What processor time is divided by, for each request. */
  readonly unitsEach: number
  readonly unit: 'request' | 'chunk'
  readonly expected: Readonly<Record<string, string>>
}

/** Asks the edge once and reads the whole answer. @throws if it is not answered as the kind expects */
export type AskInProcess = (kind: Kind, number: number) => Promise<void>

const SMALL_BYTES = 200
const LARGE_BYTES = 64 * 1_024
const HUGE_BYTES = 1_024 * 1_024
const SENTENCE = 'The second paragraph should say what the first one leaves open, and why. '
const CLAUDE = { 'x-router-route': 'claude' }
const WHOLE = { headers: {}, share: 1, unitsEach: 1, unit: 'request', expected: CLAUDE } as const

export const KINDS: readonly Kind[] = [
  {
    ...WHOLE,
    name: 'pass-through',
    what: `${SMALL_BYTES} bytes, claude_only, a concrete model`,
    body: (number) => bodyOf(CONCRETE_MODEL, SMALL_BYTES, number),
  },
  {
    ...WHOLE,
    name: 'decision',
    what: `${SMALL_BYTES} bytes, hybrid, model auto, no local model`,
    headers: { 'x-router-strategy': 'hybrid' },
    body: (number) => bodyOf('auto', SMALL_BYTES, number),
  },
  {
    ...WHOLE,
    name: 'cache hit',
    what: `the same ${SMALL_BYTES} bytes again; the floor asks Claude`,
    body: () => bodyOf(CONCRETE_MODEL, SMALL_BYTES, 0),
    expected: { 'x-router-cache': 'hit' },
  },
  {
    ...WHOLE,
    name: 'large body',
    what: '64 KB, claude_only, a concrete model',
    body: (number) => bodyOf(CONCRETE_MODEL, LARGE_BYTES, number),
  },
  {
    ...WHOLE,
    name: 'huge body',
    what: '1 MB, claude_only, a concrete model',
    body: (number) => bodyOf(CONCRETE_MODEL, HUGE_BYTES, number),
    share: 0.1,
  },
  {
    ...WHOLE,
    name: 'stream',
    what: `${CHUNKS} chunks; processor time by chunk, a share of the request's own included`,
    body: (number) => bodyOf(CONCRETE_MODEL, SMALL_BYTES, number, true),
    share: 0.1,
    unitsEach: CHUNKS,
    unit: 'chunk',
  },
]

/** Returns a request of so many bytes, other than those of other numbers. */
export function bodyOf(model: string, bytes: number, number: number, stream = false): string {
  const make = (content: string) =>
    JSON.stringify({
      model,
      max_tokens: 64,
      ...(stream ? { stream } : {}),
      messages: [{ role: 'user', content }],
    })
  const opening = `Draft ${String(number).padStart(9, '0')}: `
  const room = bytes - make(opening).length
  return make(opening + SENTENCE.repeat(Math.ceil(room / SENTENCE.length)).slice(0, room))
}
