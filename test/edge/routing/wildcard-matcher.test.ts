/** Names with wildcards, against regular expressions as the reference. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWildcardMatcher } from '../../../edge/routing/wildcard-matcher.ts'

const letters = (characters: string) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 })

test('matches as a regular expression with the same wildcards would', () => {
  fc.assert(
    fc.property(letters('ab-.*'), letters('abAB-.'), (pattern, name) => {
      const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*')
      expect(createWildcardMatcher([pattern])(name)).toBe(new RegExp(`^${source}$`, 'is').test(name))
    }),
    { numRuns: 2_000 },
  )
})

test('matches every name that is made from the pattern', () => {
  fc.assert(
    fc.property(
      fc.array(letters('ab-*'), { minLength: 1, maxLength: 5 }),
      fc.array(letters('abc'), { minLength: 1, maxLength: 9 }),
      (pieces, fills) => {
        const stars = pieces.join('*')
        const name = stars.replaceAll('*', (_, at: number) => fills[at % fills.length] ?? '')
        expect(createWildcardMatcher([stars])(name)).toBe(true)
      },
    ),
  )
})

test('needs no longer for patterns that make regular expressions backtrack', () => {
  const matches = createWildcardMatcher([`${'*a'.repeat(60)}*b`])
  expect(matches('a'.repeat(256))).toBe(false)
})

test('matches where any of several patterns does, and nothing where there is none', () => {
  const matches = createWildcardMatcher(['claude-haiku-*', 'auto'])
  expect(['claude-haiku-5-5', 'AUTO', 'claude-haiku-'].map(matches)).toEqual([true, true, true])
  expect(['claude-opus-5-5', 'autox', 'xauto', ''].map(matches)).toEqual([false, false, false, false])
  expect(createWildcardMatcher([])('auto')).toBe(false)
})
