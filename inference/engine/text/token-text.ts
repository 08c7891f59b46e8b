/**
 * Turns tokens into text as they come: each piece is whole characters, and all pieces together are the whole text.
 * Does not know stop sequences.
 */

export type TokenText = {
  /** Returns the text that the token completed, or '' while a character is unfinished. */
  readonly push: (token: number) => string
  /** Returns what is left, with U+FFFD for bytes that never became a character. */
  readonly flush: () => string
}

/** What a tokenizer writes for bytes that are not, or not yet, a character. */
const REPLACEMENT = '\uFFFD'

/**
 * Returns a decoder. Only the last few tokens are decoded again at each step: what comes before them decides about
 * leading spaces and nothing else.
 * @param decode the tokenizer's own, special tokens left out
 */
export function createTokenText(decode: (tokens: number[]) => string): TokenText {
  const tokens: number[] = []
  let windowStart = 0
  let emittedEnd = 0

  const take = (final: boolean): string => {
    const before = emittedEnd > windowStart ? decode(tokens.slice(windowStart, emittedEnd)) : ''
    const now = tokens.length > windowStart ? decode(tokens.slice(windowStart)) : ''
    if (now.length <= before.length || (!final && now.endsWith(REPLACEMENT))) return ''
    windowStart = emittedEnd
    emittedEnd = tokens.length
    return now.slice(before.length)
  }

  return {
    push(token) {
      tokens.push(token)
      return take(false)
    },
    flush: () => take(true),
  }
}
