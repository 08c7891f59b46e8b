/**
 * A token estimate for texts whose tokenizer is not at hand: used for routing and marked as an estimate wherever
 * it is shown. Billing and usage come from the models' own counts, never from here.
 */

/** Claude's current tokenizer averages 2.5 characters a token on English prose; older ones about 3.3. */
const CHARACTERS_PER_TOKEN = 2.5

/** Chinese, Japanese, Korean and other wide scripts take about a token a character. */
const WIDE =
  /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]|[\ud800-\udbff][\udc00-\udfff]/g

/** Returns how many tokens `text` is likely to be, rounded up: rather too many than too few. */
export function estimateTokens(text: string): number {
  const wide = text.match(WIDE)?.length ?? 0
  return Math.ceil(wide + (text.length - wide) / CHARACTERS_PER_TOKEN)
}
