/** Rows as files of JSON lines. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { parseRows } from '../../training/json-rows.ts'

const same = (value: unknown) => value

test('gives back every value with its line, whatever ends lines and whatever begins the file', () => {
  const values = fc.array(fc.option(fc.jsonValue(), { nil: undefined }))
  fc.assert(
    fc.property(values, fc.constantFrom('\n', '\r\n'), fc.constantFrom('', '\uFEFF'), (given, end, mark) => {
      const text = given.map((value) => (value === undefined ? ' ' : JSON.stringify(value))).join(end)
      const wanted = given.flatMap((value, at) =>
        value === undefined
          ? []
          : [{ where: `rows.jsonl, line ${at + 1}`, row: JSON.parse(JSON.stringify(value)) }],
      )
      expect(parseRows(mark + text, 'rows.jsonl', same)).toEqual(wanted)
    }),
  )
})

test('ends lines at line feeds only', () => {
  const text = JSON.stringify('one\u2028two\u0085three')
  expect(parseRows(text, 'rows.jsonl', same)).toHaveLength(1)
})

test('names the line that is no row, and what is wrong with it', () => {
  const number = z.object({ count: z.number() })
  const read = (value: unknown) => number.parse(value)
  expect(() => parseRows('{"count":1}\n\n{"count":', 'rows.jsonl', read)).toThrow(
    'rows.jsonl, line 3: is not JSON.',
  )
  expect(() => parseRows('{"count":1}\n{"count":"1"}', 'rows.jsonl', read)).toThrow(
    /^rows\.jsonl, line 2: .*count/s,
  )
  const refuse = () => {
    throw new Error('says nothing')
  }
  expect(() => parseRows('1', 'rows.jsonl', refuse)).toThrow(/^rows\.jsonl, line 1: says nothing$/)
})
