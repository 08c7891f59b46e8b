/**
 * Reading JSON from outside: agreement with JSON.parse and a recursive reference, and refusals that explain.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RouterError } from '../../shared/errors.ts'
import {
  arrayElements,
  exceededBound,
  MAX_JSON_DEPTH,
  parseJsonBody,
  topLevelMembers,
} from '../../shared/json.ts'
import { isParsedRightAsKey, utf8 } from './arbitraries.ts'

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 })
const awkward = fc.constantFrom(
  '',
  '"',
  '\\',
  '\\"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '__proto__',
  '\u2028',
  '水',
  '🙂',
  '\ud800',
)
const anyString = fc.oneof(
  awkward,
  fc.string({ unit: fc.oneof(awkward, fc.string({ maxLength: 2 })), maxLength: 8 }),
)

/** Returns strings as JSON, some of their characters as \u escapes. */
const printed = (strings: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(strings, fc.infiniteStream(fc.boolean())).map(([value, choices]) =>
    [
      '"',
      ...Array.from({ length: value.length }, (_, at) => {
        const escaped = choices.next().value === true
        const code = value.charCodeAt(at).toString(16).padStart(4, '0')
        return escaped || /["\\\p{Cc}]/u.test(value.charAt(at)) ? `\\u${code}` : value.charAt(at)
      }),
      '"',
    ].join(''),
  )

const printedString = printed(anyString)
const printedKey = printed(anyString.filter(isParsedRightAsKey))

const { printedValue } = fc.letrec<{ printedValue: string; printedArray: string; printedMembers: string }>(
  (tie) => ({
    printedValue: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom('null', 'true', 'false', '0', '-1.5e-7', '1e400'),
      printedString,
      tie('printedArray'),
      tie('printedMembers'),
    ),
    printedArray: fc
      .array(
        fc.tuple(space, tie('printedValue'), space).map((parts) => parts.join('')),
        { maxLength: 4 },
      )
      .map((items) => `[${items.join(',')}]`),
    printedMembers: fc
      .array(
        fc
          .tuple(space, printedKey, space, fc.constant(':'), space, tie('printedValue'), space)
          .map((parts) => parts.join('')),
        { maxLength: 4 },
      )
      .map((members) => `{${members.join(',')}}`),
  }),
)

/** Members of an object as printed: key, value and the whole, duplicates likely. */
const printedObject = fc
  .tuple(
    space,
    fc.array(
      fc.tuple(space, fc.oneof(printedKey, fc.constant('"model"')), space, space, printedValue, space),
      {
        maxLength: 6,
      },
    ),
    space,
    space,
  )
  .map(([before, members, inside, after]) => ({
    members: members.map(([, key, , , value]) => ({ key, value })),
    text: `${before}{${members.length === 0 ? inside : members.map(([a, key, b, c, value, d]) => `${a}${key}${b}:${c}${value}${d}`).join(',')}}${after}`,
  }))

test('lists the members of an object in order, duplicates and escaped keys included, however it is printed', () => {
  fc.assert(
    fc.property(printedObject, ({ text, members }) => {
      const found = topLevelMembers(text)
      expect(found.map(({ key }) => key)).toEqual(members.map(({ key }) => JSON.parse(key)))
      expect(found.map(({ start, end }) => text.slice(start, end))).toEqual(members.map(({ value }) => value))
    }),
  )
})

test('lists the elements of an array as they are printed', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(space, printedValue, space)), space, space, (items, before, inside) => {
      const printed = items.map(([left, value, right]) => `${left}${value}${right}`).join(',')
      const text = `${before}[${items.length === 0 ? inside : printed}]${inside}`
      expect(arrayElements(text)).toEqual(items.map(([, value]) => value))
    }),
  )
})

test('the last of the members with one key is the one that JSON.parse takes', () => {
  fc.assert(
    fc.property(printedObject, ({ text }) => {
      const spans = topLevelMembers(text).map(
        ({ key, start, end }) => [key, JSON.parse(text.slice(start, end))] as const,
      )
      expect(new Map(spans)).toEqual(new Map(Object.entries(JSON.parse(text))))
    }),
  )
})

test('nesting is too deep exactly where a recursive count says so', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        printedValue,
        printedObject.map(({ text }) => text),
      ),
      fc.nat({ max: 8 }),
      (text, maxDepth) => {
        expect(exceededBound(text, maxDepth) === 'depth').toBe(depthOf(text) > maxDepth)
      },
    ),
  )
})

test('brackets in strings and behind escaped quotes do not count as nesting', () => {
  expect(exceededBound('{"a":"[[[[","b\\"[[[":1}', 1)).toBeUndefined()
  expect(exceededBound('{"a\\\\":[[1]]}', 2)).toBe('depth')
})

test('refuses a body of more values than memory has room for', () => {
  const many = (count: number) => utf8(`{"x":[${'{},'.repeat(count)}1]}`)
  expect(errorOf(() => parseJsonBody(many(200_000)))).toMatchObject({ code: 'too_large' })
  expect(parseJsonBody(many(90_000)).text).toHaveLength(270_009)
})

test.each([5000, 1_000_000])('refuses %d brackets without overflowing the stack', (depth) => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const closed = utf8(`${open.repeat(depth)}1${close.repeat(depth)}`)
    expect(errorOf(() => parseJsonBody(closed))).toMatchObject({
      code: 'invalid_request',
      message: `The request body nests objects and arrays more than ${MAX_JSON_DEPTH} deep. Flatten it.`,
    })
    expect(errorOf(() => parseJsonBody(utf8(open.repeat(depth)))).message).toContain('deep')
  }
})

test('accepts what is exactly as deep as allowed, and no level more', () => {
  const nested = (depth: number) => utf8('['.repeat(depth) + ']'.repeat(depth))
  expect(parseJsonBody(nested(MAX_JSON_DEPTH)).text).toHaveLength(2 * MAX_JSON_DEPTH)
  expect(errorOf(() => parseJsonBody(nested(MAX_JSON_DEPTH + 1))).code).toBe('invalid_request')
  expect(parseJsonBody(nested(2), 2).value).toEqual([[]])
  expect(errorOf(() => parseJsonBody(nested(3), 2)).message).toContain('more than 2 deep')
})

test('closing brackets first do not make room for deeper nesting', () => {
  expect(errorOf(() => parseJsonBody(utf8(`${']'.repeat(1000)}${'['.repeat(1000)}`))).code).toBe(
    'invalid_request',
  )
})

test('members of a __proto__ key stay members and pollute nothing', () => {
  const { text, value } = parseJsonBody(utf8('{"__proto__":{"polluted":1},"a":2}'))
  expect(topLevelMembers(text).map(({ key }) => key)).toEqual(['__proto__', 'a'])
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(value).not.toHaveProperty('polluted')
  expect({}).not.toHaveProperty('polluted')
})

test('a body reads as JSON.parse reads it, and its text is the one that was parsed', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        printedValue,
        printedObject.map(({ text }) => text),
      ),
      (printed) => {
        const body = printed.toWellFormed()
        const { text, value } = parseJsonBody(utf8(body))
        expect(text).toBe(body)
        expect(value).toEqual(JSON.parse(body))
      },
    ),
  )
})

test('a byte order mark in front is no part of the text', () => {
  expect(parseJsonBody(utf8('\ufeff{"a":1}'))).toEqual({ text: '{"a":1}', value: { a: 1 } })
})

test.each<[name: string, bytes: Uint8Array, message: string]>([
  ['nothing', new Uint8Array(), 'The request body is empty. Send a JSON object.'],
  [
    'a byte order mark alone',
    utf8('\ufeff'),
    'The request body is not valid JSON. Check quotes, commas and braces.',
  ],
  ['white space alone', utf8(' \n'), 'The request body is not valid JSON. Check quotes, commas and braces.'],
  ['half an object', utf8('{"a":'), 'The request body is not valid JSON. Check quotes, commas and braces.'],
  [
    'a comma too many',
    utf8('{"a":1,}'),
    'The request body is not valid JSON. Check quotes, commas and braces.',
  ],
  [
    'a stray byte',
    Uint8Array.of(0x22, 0xff, 0x22),
    'The request body is not valid UTF-8. Encode it as UTF-8.',
  ],
  [
    'half a character',
    utf8('"水"').subarray(0, 3),
    'The request body is not valid UTF-8. Encode it as UTF-8.',
  ],
  [
    'an overlong form',
    Uint8Array.of(0x22, 0xc0, 0x80, 0x22),
    'The request body is not valid UTF-8. Encode it as UTF-8.',
  ],
  [
    'a surrogate',
    Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
    'The request body is not valid UTF-8. Encode it as UTF-8.',
  ],
  [
    'UTF-16',
    Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0),
    'The request body is not valid UTF-8. Encode it as UTF-8.',
  ],
])('refuses %s and says what to change', (_name, bytes, message) => {
  expect(errorOf(() => parseJsonBody(bytes))).toMatchObject({ code: 'invalid_request', status: 400, message })
})

test('any bytes are a value or a refusal that does not repeat them', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.string().map(utf8)), (bytes) => {
      try {
        parseJsonBody(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(RouterError)
        expect(RouterError.from(error).message).toMatch(/^The request body (is|nests) /)
      }
    }),
  )
})

/** The reference for the loop under test: without strings, the innermost pairs are peeled off level by level. */
function depthOf(text: string): number {
  const peel = (rest: string): number => {
    const peeled = rest.replaceAll(/[[{][^[\]{}]*[\]}]/g, '')
    return peeled === rest ? 0 : 1 + peel(peeled)
  }
  return peel(text.replaceAll(/"(?:\\.|[^"\\])*"/g, ''))
}

function errorOf(call: () => unknown): RouterError {
  try {
    call()
  } catch (error) {
    return RouterError.from(error)
  }
  throw new Error('Nothing was thrown.')
}
