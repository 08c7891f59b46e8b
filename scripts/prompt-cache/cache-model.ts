/**
 * Claude's prompt cache as its documentation describes it, for simulations: what a marked prompt reads, writes and costs. Entries
 * are written at marks only, live for five minutes from the start of the request that used them last, and can be read once the
 * answer of the one that wrote them has begun. Knows nothing of the router.
 */

/** One request to Claude. Prefixes are known by names; each turn names the one that it goes on from. */
export type SimulatedRequest = {
  /** Milliseconds. */
  readonly at: number
  readonly scope: string
  readonly instructions: { readonly id: string; readonly tokens: number }
  readonly conversation: { readonly before: string | undefined; readonly after: string }
  /** Of the whole prompt. */
  readonly tokens: number
  /** What its model caches at least. */
  readonly leastTokens: number
  /** How long it takes until the answer begins, and until it ends. */
  readonly beginsMs: number
  readonly endsMs: number
}

export type PromptUsage = { readonly input: number; readonly written: number; readonly read: number }

const LIFE_MS = 5 * 60_000
/** Twenty blocks are looked back at, and a turn adds about two: an answer and what is said to it. */
const LOOKED_BACK_TURNS = 9
/** Of plain input. */
const WRITE_PRICE = 1.25
const READ_PRICE = 0.1

type Entry = { readonly tokens: number; readonly readableFrom: number; expiresAt: number }

export type CacheModel = {
  /** Sends the request with marks at the end of these parts. */
  readonly send: (
    request: SimulatedRequest,
    marked: { readonly instructions: boolean; readonly conversation: boolean },
  ) => PromptUsage
}

/** Returns an empty cache. */
export function createCacheModel(): CacheModel {
  const entries = new Map<string, Entry>()
  const parents = new Map<string, string>()
  const alive = (key: string, at: number) => {
    const entry = entries.get(key)
    return entry !== undefined && entry.readableFrom <= at && at < entry.expiresAt ? entry : undefined
  }

  return {
    send({ at, scope, instructions, conversation, tokens, leastTokens, beginsMs }, marked) {
      const keyOf = (id: string) => `${scope} ${instructions.id} ${id}`
      const { before, after } = conversation
      if (before !== undefined) parents.set(keyOf(after), keyOf(before))
      const marks = [
        ...(marked.conversation ? [{ key: keyOf(after), tokens }] : []),
        ...(marked.instructions ? [{ key: keyOf(''), tokens: instructions.tokens }] : []),
      ].filter((mark) => mark.tokens >= leastTokens)
      const [last] = marks
      if (last === undefined) return { input: tokens, written: 0, read: 0 }
      const found = marks.flatMap(({ key }) => {
        for (
          let each: string | undefined = key, turns = 0;
          each !== undefined && turns < LOOKED_BACK_TURNS;
          turns++
        ) {
          const entry = alive(each, at)
          if (entry !== undefined) return [entry]
          each = parents.get(each)
        }
        return []
      })
      for (const entry of found) entry.expiresAt = at + LIFE_MS
      const read = Math.min(last.tokens, Math.max(0, ...found.map((entry) => entry.tokens)))
      for (const mark of marks) {
        if (alive(mark.key, at) !== undefined) continue
        // What was read up to the mark is there already; of two that write the same, the first to be answered lets others read.
        const readableFrom = mark.tokens <= read ? at : at + beginsMs
        const begun = entries.get(mark.key)
        const isBegun = begun !== undefined && at < begun.expiresAt
        entries.set(mark.key, {
          tokens: mark.tokens,
          readableFrom: isBegun ? Math.min(begun.readableFrom, readableFrom) : readableFrom,
          expiresAt: at + LIFE_MS,
        })
      }
      return { input: tokens - last.tokens, written: last.tokens - read, read }
    },
  }
}

/** Returns what a prompt costs, in tokens of plain input. */
export function promptCost({ input, written, read }: PromptUsage): number {
  return input + written * WRITE_PRICE + read * READ_PRICE
}
