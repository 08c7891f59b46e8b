/** JSON Lines as jsonlines.org has them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type JsonLine, readJsonLines } from '../../scripts/json-lines.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function read(text: string) {
  const file = join(temporaryFolder(), 'rows.jsonl')
  writeFileSync(file, text)
  const lines: JsonLine[] = []
  for await (const line of readJsonLines(file)) lines.push(line)
  return lines
}

test('reads back any values, whatever characters their texts hold', async () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '\u2028', '\u2029', '\u0085', '\r', '\n', '"', '\\', '😀'),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ id: fc.integer(), text }), { maxLength: 5 }),
      fc.constantFrom('\n', '\r\n'),
      async (rows, end) => {
        const lines = await read(rows.map((row) => `${JSON.stringify(row)}${end}`).join(''))
        expect(lines).toEqual(rows.map((value, at) => ({ number: at + 1, ok: true, value })))
      },
    ),
    { numRuns: 50 },
  )
})

test('joins a line that comes in many pieces, split characters included', async () => {
  const value = '😀'.repeat(100_000)
  expect(await read(`1\n${JSON.stringify(value)}\n2`)).toEqual([
    { number: 1, ok: true, value: 1 },
    { number: 2, ok: true, value },
    { number: 3, ok: true, value: 2 },
  ])
})

test('numbers lines as an editor does and goes on after a bad one', async () => {
  expect(await read('\uFEFF1\n\n{"id":\n2')).toEqual([
    { number: 1, ok: true, value: 1 },
    { number: 3, ok: false },
    { number: 4, ok: true, value: 2 },
  ])
})
