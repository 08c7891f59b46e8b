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
  let rest = ''
  const parse = (line: string): JsonLine | undefined => {
    number++
    if (line.trim() === '') return undefined
    try {
      return { number, ok: true, value: JSON.parse(line) }
    } catch {
      return { number, ok: false }
    }
  }
  for await (const piece of createReadStream(path, { encoding: 'utf8' })) {
    const lines = `${rest}${piece}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const parsed = parse(line)
      if (parsed !== undefined) yield parsed
    }
  }
  const last = parse(rest)
  if (last !== undefined) yield last
}
