/** Rows of results, however their bytes are cut. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createResultReader, type ResultRow } from '../../../edge/batches/result-rows.ts'
import { failed, succeeded } from '../../support/claude-batches.ts'

const LINES = [
  succeeded('a'),
  succeeded('ü🌍\u2028', { cache_read_input_tokens: 3 }),
  failed('c', 'errored'),
  '\n',
  'no json\n',
  '{"custom_id":"x","result":{"type":"future"}}\n',
  failed('d', 'canceled'),
  failed('e', 'expired').trimEnd(),
]
const WHOLE = new TextEncoder().encode(LINES.join(''))

function read(pieces: readonly Uint8Array[]): { readonly rows: ResultRow[]; readonly unread: number } {
  const reader = createResultReader()
  const rows = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()]
  return { rows, unread: reader.unread() }
}

test('reads what each row says, and counts what it cannot read', () => {
  const { rows, unread } = read([WHOLE])
  expect(rows.map(({ customId, result }) => [customId, result])).toEqual([
    ['a', 'succeeded'],
    ['ü🌍\u2028', 'succeeded'],
    ['c', 'errored'],
    ['d', 'canceled'],
    ['e', 'expired'],
  ])
  expect(rows[1]).toMatchObject({
    model: 'claude-haiku-4-5',
    usage: { input_tokens: 1_000, cache_read_input_tokens: 3 },
  })
  expect(rows[2]?.errorType).toBe('invalid_request_error')
  expect(unread).toBe(2)
})

test('tells rows of a kind that is unknown from what is no row at all', () => {
  const foreign = (text: string) => {
    const reader = createResultReader()
    reader.push(new TextEncoder().encode(text))
    reader.end()
    return [reader.unread(), reader.foreign()]
  }
  expect(foreign('{"custom_id":"x","result":{"type":"future"}}\n')).toEqual([1, 0])
  expect(foreign('<html>\n\n{"type":"error"}\n[1]')).toEqual([3, 3])
})

test('reads the same wherever the bytes are cut', () => {
  const whole = read([WHOLE])
  fc.assert(
    fc.property(fc.array(fc.nat({ max: WHOLE.byteLength }), { maxLength: 30 }), (cuts) => {
      const at = [0, ...cuts.toSorted((one, other) => one - other), WHOLE.byteLength]
      const pieces = at.slice(1).map((to, index) => WHOLE.subarray(at[index], to))
      expect(read(pieces)).toEqual(whole)
    }),
  )
  expect(read(Array.from(WHOLE, (byte) => Uint8Array.of(byte)))).toEqual(whole)
})

test('a row that is too long is not held, and those after it are read', () => {
  const reader = createResultReader()
  const piece = new Uint8Array(1024 * 1024).fill(32)
  for (let at = 0; at < 20; at++) expect(reader.push(piece)).toEqual([])
  expect(reader.push(new TextEncoder().encode(`\n${succeeded('a')}`))).toHaveLength(1)
  expect(reader.unread()).toBe(1)
})
