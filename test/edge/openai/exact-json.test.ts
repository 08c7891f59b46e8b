/** JSON that the router carries keeps what its author wrote. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact, withExactMembers } from '../../../edge/openai/exact-json.ts'

const number = fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,4})?$/)

test('every number is printed with the digits that it was read with', () => {
  fc.assert(
    fc.property(fc.array(number), (numbers) => {
      const json = `{"a":[${numbers.join(',')}],"b":{"c":${numbers[0] ?? 0}}}`
      expect(JSON.stringify(parseExact(json))).toBe(json)
    }),
  )
})

test('what is no such number is read as ever', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value)
      expect(JSON.stringify(parseExact(json))).toBe(JSON.stringify(JSON.parse(json)))
    }),
  )
  expect(parseExact('{"n":1,"s":"1.0"}')).toEqual({ n: 1, s: '1.0' })
})

test('reads only the named members exactly', () => {
  const json = '{"temperature":1.0,"tools":[{"maximum":9223372036854775807}]}'
  const value = withExactMembers(JSON.parse(json), json, new Set(['tools']))
  expect(value).toMatchObject({ temperature: 1 })
  expect(JSON.stringify(value)).toContain('"maximum":9223372036854775807')
})

test.each([[[]], [null], ['x'], [{ a: 1 }]])('leaves %j as it is', (value) => {
  expect(withExactMembers(value, JSON.stringify(value), new Set(['tools']))).toBe(value)
})
