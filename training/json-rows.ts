/**
 * Rows as files of JSON lines: a value a line, blank lines left out, each with its place for messages. Small files, read whole; knows
 * no schema.
 */
import * as z from 'zod'

export type PlacedRow<T> = {
  /** File and line. */
  readonly where: string
  readonly row: T
}

/**
 * Returns the rows of a file's text.
 * @param file its name, for messages
 * @param read from a line's value to a row; what it throws is told with the place
 * @throws {Error} that names file and line of the first row that is none
 */
export function parseRows<T>(
  text: string,
  file: string,
  read: (value: unknown) => T,
): readonly PlacedRow<T>[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return []
      const where = `${file}, line ${index + 1}`
      try {
        return [{ where, row: read(JSON.parse(line)) }]
      } catch (cause) {
        throw new Error(`${where}: ${problemOf(cause)}`, { cause })
      }
    })
}

function problemOf(cause: unknown): string {
  if (cause instanceof SyntaxError) return 'is not JSON.'
  if (cause instanceof z.ZodError) return z.prettifyError(cause)
  return cause instanceof Error ? cause.message : String(cause)
}
