/**
 * Reads JSON Lines: a value a line, lines end at a line feed and nowhere else (jsonlines.org), so that U+2028 and U+2029
 * inside a string are text as any other. Knows no schema.
 */
import { createReadStream } from 'node:fs'

export type JsonLine = { readonly number: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false }
)

/** Yields the values of a file with their line numbers from 1; blank lines are left out, a bad line is one value. */
export async function* readJsonLines(path: string): AsyncGenerator<JsonLine> {
  let number = 0
  let pieces: string[] = []
  const parse = (line: string): JsonLine | undefined => {
    number++
    const text = number === 1 ? line.replace(/^\uFEFF/, '') : line
    if (text.trim() === '') return undefined
    try {
      return { number, ok: true, value: JSON.parse(text) }
    } catch {
      return { number, ok: false }
    }
  }
  for await (const piece of createReadStream(path, { encoding: 'utf8' })) {
    const [first = '', ...others] = String(piece).split('\n')
    pieces.push(first)
    for (const next of others) {
      // A long line is joined once, not once for each piece of it.
      const parsed = parse(pieces.join(''))
      pieces = [next]
      if (parsed !== undefined) yield parsed
    }
  }
  const last = parse(pieces.join(''))
  if (last !== undefined) yield last
}
