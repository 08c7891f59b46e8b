/** Patterns of rules: JavaScript's own answers, in linear time. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileLinearPattern } from '../../../../edge/routing/operator-rules/linear-pattern.ts'

const ATOMS = [
  'a',
  'b',
  'É',
  '1',
  '😀',
  ' ',
  '\\d',
  '\\W',
  '\\s',
  '.',
  '[ab]',
  '[^a1]',
  '[\\]é-ü]',
  '\\p{Lu}',
  '\\u{1F600}',
  '\\ud83d\\ude00',
  '\\x61',
  '\\.',
  '\\n',
  '\\b',
  '\\B',
  '^',
  '$',
  '()',
  '(?:)',
]
const QUANTIFIERS = ['*', '+', '?', '*?', '+?', '{2}', '{0,2}', '{1,}', '{1,3}?']
const source = fc.letrec<{ node: string; atom: string; repeat: string; sequence: string; choice: string }>(
  (tie) => ({
    node: fc.oneof({ maxDepth: 4 }, tie('atom'), tie('repeat'), tie('sequence'), tie('choice')),
    atom: fc.constantFrom(...ATOMS),
    repeat: fc
      .tuple(tie('node'), fc.constantFrom(...QUANTIFIERS))
      .map(([node, sign]) => `(?:${node})${sign}`),
    sequence: fc.array(tie('node'), { maxLength: 4 }).map((nodes) => nodes.join('')),
    choice: fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((nodes) => `(${nodes.join('|')})`),
  }),
).node
const text = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', 'é', 'É', '1', '😀', ' ', '\n', '.', 'ſ', '\ud83d'),
  maxLength: 12,
})

test('answers as the platform does, for every pattern that it takes', () => {
  fc.assert(
    fc.property(source, text, (pattern, subject) => {
      // V8 looks for \B between the halves of a surrogate pair, too, which the standard passes over.
      fc.pre(!(pattern.includes('\\B') && subject.includes('😀')))
      let matches: (text: string) => boolean
      try {
        matches = compileLinearPattern(pattern)
      } catch (error) {
        // Only what is too large may be refused.
        expect(String(error)).toContain('states')
        return
      }
      expect(matches(subject)).toBe(new RegExp(pattern, 'iu').test(subject))
    }),
    { numRuns: 3_000 },
  )
})

test('reads what people write', () => {
  const invoice = compileLinearPattern('\\binvoice (?:no\\.?|#)\\s?(?<number>\\d{4,10})\\b')
  expect(invoice('Please book Invoice No. 20231.')).toBe(true)
  expect(invoice('Please book invoice # 12')).toBe(false)
  expect(compileLinearPattern('^(hi|hello)[.!]?$')('Hello!')).toBe(true)
  expect(compileLinearPattern('')('')).toBe(true)
})

test('refuses what no automaton can do, and says so', () => {
  for (const [pattern, said] of [
    ['(?=a)', 'looks around'],
    ['(?<!a)b', 'looks around'],
    ['(a)\\1', 'refers back'],
    ['(?<x>a)\\k<x>', 'refers back'],
    ['(', 'no regular expression'],
    ['[b-a]', 'no regular expression'],
    ['(?:(?:a{30}){30}){30}', 'more than 200 states'],
    ['a'.repeat(501), 'longer than 500 characters'],
  ] as const)
    expect(() => compileLinearPattern(pattern)).toThrow(said)
})

test('repeats nothing as often as is asked in no time', () => {
  const matches = compileLinearPattern('^a(?:(){1000000000000000}|(?:){999999999999999,})b$')
  expect(matches('ab')).toBe(true)
  expect(matches('a')).toBe(false)
})

test('follows each state once at a character, so that no pattern takes more than text times states', () => {
  for (const pattern of ['(a+)+$', '(a|a)*b', '.*.*.*.*x', '(a?){60}!', '(\\w*\\s*)*!']) {
    const matches = compileLinearPattern(pattern)
    // A backtracking engine would need longer than the universe is old.
    expect(matches(`${'a'.repeat(90)} ${'a'.repeat(1_900)}?`)).toBe(false)
  }
})
