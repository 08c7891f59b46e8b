/**
 * By what a prefix is known again in one isolate: a short hash of parsed JSON, and about how many tokens it was made of. Not
 * made to withstand attacks: whoever finds two prefixes with one fingerprint has found a way to pay for a write of its own.
 */
import { isWide, likelyTokens } from '../../shared/tokens.ts'

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

/**
 * Begins a fingerprint.
 * @param seed another one for each isolate, so that fingerprints in receipts cannot be compared with those of guessed texts
 */
export function createFingerprint(seed: number): Fingerprint {
  const state = Int32Array.of(0xdeadbeef ^ seed, 0x41c6ce57 ^ Math.imul(seed, 31))
  let characters = 0
  let wide = 0
  const mix = (number: number) => {
    state[0] = Math.imul((state[0] ?? 0) ^ number, 0x9e3779b1)
  }
  const addText = (text: string, longest: number) => {
    mix(text.length)
    characters += text.length
    const end = text.length <= longest ? text.length : longest / 2
    wide +=
      mixText(state, text, 0, end) +
      mixText(state, text, Math.max(end, text.length - longest / 2), text.length)
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
    digest: () => Array.from(new Uint32Array(state.buffer), (half) => half.toString(36)).join('.'),
    tokens: () => likelyTokens(characters, wide),
  }
}

/** Mixes a part of a text into the hash and returns how many of its characters are wide. */
function mixText(state: Int32Array, text: string, from: number, to: number): number {
  let low = state[0] ?? 0
  let high = state[1] ?? 0
  let wide = 0
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index)
    if (isWide(text, index)) wide++
    low = Math.imul(low ^ code, 0x9e3779b1)
    high = Math.imul(high ^ (low >>> 15), 0x5f356495)
  }
  state[0] = low
  state[1] = high
  return wide
}
