/**
 * By what a prefix is known again in one isolate: a short hash of parsed JSON, and about how many tokens it was made of. Not
 * made to withstand attacks: whoever finds two prefixes with one fingerprint has found a way to pay for a write of its own.
 */

export type Fingerprint = {
  /**
   * Adds a value: texts, names of members and their order count, white space between them does not. Of texts longer than
   * `longest` only both ends and the length are read, so that the time which a prefix takes is bounded.
   */
  readonly add: (value: unknown, longest: number) => void
  /** What has been added until now, as letters and digits. */
  readonly digest: () => string
  /** An estimate of what has been added until now. */
  readonly tokens: () => number
}

const CHARACTERS_PER_TOKEN = 2.5
/** From here on, about a token a character (`shared/tokens.ts`). */
const FIRST_WIDE = 0x1100

/**
 * Begins a fingerprint.
 * @param seed another one for each isolate, so that fingerprints in receipts cannot be compared with those of guessed texts
 */
export function createFingerprint(seed: number): Fingerprint {
  let low = 0xdeadbeef ^ seed
  let high = 0x41c6ce57 ^ Math.imul(seed, 31)
  let narrow = 0
  let wide = 0
  const mix = (code: number) => {
    low = Math.imul(low ^ code, 0x9e3779b1)
    high = Math.imul(high ^ code, 0x5f356495) + (low >>> 15)
  }
  const addRange = (text: string, from: number, to: number) => {
    for (let index = from; index < to; index++) {
      const code = text.charCodeAt(index)
      if (code >= FIRST_WIDE) wide++
      mix(code)
    }
  }
  const addText = (text: string, longest: number) => {
    mix(text.length)
    narrow += text.length
    const end = text.length <= longest ? text.length : longest / 2
    addRange(text, 0, end)
    addRange(text, Math.max(end, text.length - longest / 2), text.length)
  }
  const add = (value: unknown, longest: number): void => {
    if (typeof value !== 'object' || value === null) addText(String(value), longest)
    else if (Array.isArray(value)) {
      mix(value.length)
      for (const item of value) add(item, longest)
    } else {
      for (const [name, member] of Object.entries(value)) {
        addText(name, longest)
        add(member, longest)
      }
      mix(1)
    }
  }
  return {
    add,
    digest: () => (high >>> 0).toString(36) + (low >>> 0).toString(36),
    tokens: () => wide + (narrow - wide) / CHARACTERS_PER_TOKEN,
  }
}
