/** Regular expressions are found wherever they are written or built, and those that may be slow are named. */
import { expect, test } from 'vitest'
import { patternProblems, repeatsWithoutEnd } from '../../../scripts/patterns/pattern-problems.ts'
import { patternsOf } from '../../../scripts/patterns/source-patterns.ts'

test('finds what is written, in pages as well, and counts what is built', () => {
  const source = `const a = /x+/gu
  const page = <p title={/y*/.source}>/no/</p>
  const built = [new RegExp(a.source), RegExp('z')]`
  expect(patternsOf('a.tsx', source)).toEqual({
    written: [
      { file: 'a.tsx', pattern: 'x+', flags: 'gu' },
      { file: 'a.tsx', pattern: 'y*', flags: '' },
    ],
    built: 2,
  })
  expect(() => patternsOf('b.ts', 'const = 1')).toThrow('b.ts')
})

test('what is escaped, in a class or counted repeats nothing without end', () => {
  for (const pattern of ['a{0,30}b', '\\+\\*', '[*+]', 'a?', 'x{3}'])
    expect(repeatsWithoutEnd(pattern)).toBe(false)
  for (const pattern of ['a+', '[ab]*', 'x{3,}', '\\\\+', 'a*?'])
    expect(repeatsWithoutEnd(pattern)).toBe(true)
})

test('the checker tells linear time from quadratic and exponential', async () => {
  const judged = async (pattern: string) =>
    (await patternProblems([{ file: 'a.ts', pattern, flags: '' }], undefined, [])).map((text) =>
      text.replace(/:.*/, ''),
    )
  expect(await judged('^\\s*\\S+$')).toEqual([])
  expect(await judged('\\s+$')).toEqual(['a.ts /\\s+$/ is polynomial'])
  expect(await judged('^(a|a)*$')).toEqual(['a.ts /^(a|a)*$/ is exponential'])
}, 120_000)

test('a bound excuses what is polynomial or undecided, never what is exponential, and must be of use', async () => {
  const pattern = { file: 'edge/a.ts', pattern: 'a+$', flags: '' }
  const bounds = [{ where: 'edge/', bound: 'short' }]
  expect(await patternProblems([pattern], async () => 'polynomial', bounds)).toEqual([])
  expect(await patternProblems([pattern], async () => 'unknown', bounds)).toEqual([])
  expect(await patternProblems([pattern], async () => 'exponential', bounds)).toHaveLength(1)
  expect(await patternProblems([pattern], async () => 'unknown', [])).toHaveLength(1)
  expect(await patternProblems([], async () => 'linear', bounds)).toEqual([
    'known-bounds.ts: edge/ has no such expression any more',
  ])
})
