/** How much a text weighs where it is kept and sent. Counts; limits are its callers'. */

/** Returns the bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength
}
