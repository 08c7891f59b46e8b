/**
 * A text as the classifier reads it: UTF-16 codes in lower case, digits alike, quotes straight, one space for many. Read
 * many times over, which numbers in a buffer bear better than characters of a string.
 */

const SPACE = 32
const QUOTE = 39
const ZERO = 48

/** Returns the codes of a text, with no space at either end. */
export function plainCodes(text: string): Uint16Array {
  const lower = text.toLowerCase()
  const codes = new Uint16Array(lower.length)
  let length = 0
  let space = true
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at)
    if (code <= SPACE || code === 0xa0 || code === 0x3000) {
      if (!space) codes[length++] = SPACE
      space = true
      continue
    }
    space = false
    if (code >= ZERO && code <= ZERO + 9) codes[length++] = ZERO
    else if (code === 0x60 || code === 0xb4 || code === 0x2018 || code === 0x2019) codes[length++] = QUOTE
    else codes[length++] = code
  }
  return codes.subarray(0, space && length > 0 ? length - 1 : length)
}

/** Returns the text of some codes. */
export function textOfCodes(codes: Uint16Array): string {
  return String.fromCharCode(...codes)
}
