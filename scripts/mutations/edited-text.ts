/** One exact edit of a text: applies where it was meant to, or not at all. Reads and writes no file. */

export type Edit = {
  /** From the root, with slashes. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly put: string
}

/** Returns the text with the edit. @throws {Error} unless what is to be found stands there exactly once */
export function editedText(text: string, { file, find, put }: Edit): string {
  const places = text.split(find).length - 1
  if (places !== 1)
    throw new Error(
      `${file} holds ${JSON.stringify(find.slice(0, 80))} ${places === 0 ? 'no more' : `${places} times`}. Fit the edit in scripts/mutations to what stands there now.`,
    )
  return text.split(find).join(put)
}
