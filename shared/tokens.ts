/**
 * A token estimate for texts whose tokenizer is not at hand: used for routing and marked as an estimate wherever
 * it is shown. Billing and usage come from the models' own counts, never from here.
 */

/** Claude's current tokenizer averages 2.5 characters a token on English prose; older ones about 3.3. */
const CHARACTERS_PER_TOKEN = 2.5

/** Chinese, Japanese, Korean and other wide scripts take about a token a character. */
const WIDE_RANGES = [
  [0x1100, 0x11ff],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7ff],
  [0xf900, 0xfaff],
  [0xff00, 0xffef],
] as const
const WIDE_CANDIDATE = /[\u1100-\uffff]/

/** Returns how many tokens `text` is likely to be, rounded up: rather too many than too few. */
export function estimateTokens(text: string): number {
  // Counted in place: collecting the matches of a large body would need many times its size in memory.
  // Up to the first candidate the engine searches, which it need not even do where a text is Latin-1 throughout.
  const first = text.search(WIDE_CANDIDATE)
  let wide = 0
  for (let index = first === -1 ? text.length : first; index < text.length; index++)
    if (isWide(text, index)) wide++
  return Math.ceil(likelyTokens(text.length, wide))
}

/** Returns how many tokens so many characters are likely to be, not rounded. @param wide how many of them are wide */
export function likelyTokens(characters: number, wide = 0): number {
  return wide + (characters - wide) / CHARACTERS_PER_TOKEN
}

/** Says whether the character there is likely to be a token by itself. A surrogate pair counts once, at its first half. */
export function isWide(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code < 0x1100) return false
  if ((code & 0xfc00) === 0xd800) return (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00
  return WIDE_RANGES.some(([first, last]) => code >= first && code <= last)
}
