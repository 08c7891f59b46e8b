/**
 * Texts as patterns read them: bounded, in lower case, with straight apostrophes. What is bounded here need not be
 * bounded again: every pattern of routing reads one of these texts. Judges nothing.
 */

/** Returns a text's beginning and its end: what is asked stands there, what it is about in between. */
export function clip(text: string, head: number, tail: number): string {
  return text.length <= head + tail ? text : `${text.slice(0, head)}\n${text.slice(-tail)}`
}

/** Returns the text in lower case, with straight apostrophes: word lists need no other form of a word. */
export function plain(text: string): string {
  return straightened(text.toLowerCase())
}

/** Returns the text with phones' apostrophes as keyboards have them. */
export function straightened(text: string): string {
  return text.replaceAll(/[’‘`´]/g, "'")
}

/** Holds where a text asks anything: a number or a mark by itself does not. */
export const SAYS_SOMETHING = /\p{L}{2}/u
