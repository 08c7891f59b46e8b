/**
 * What counts as no text: the Messages API refuses text blocks without a character that is not white space.
 */

/** Includes control characters: the API's language strips some that JavaScript does not count as white space. */
const BLANK = /^[\s\p{Cc}]*$/u

/** Says whether a text holds nothing that could be read. */
export function isBlank(text: string): boolean {
  return BLANK.test(text)
}
