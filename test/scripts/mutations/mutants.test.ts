/** The list of guards fits the sources and the tests: what `npm run check:mutation` needs, without running it. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { editedText } from '../../../scripts/mutations/edited-text.ts'
import { MUTANTS } from '../../../scripts/mutations/mutants.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

test.each(MUTANTS.map((mutant) => [mutant.guard, mutant] as const))(
  'the edit that takes away "%s" applies, and its test’s file is there',
  (_, mutant) => {
    const text = readFileSync(join(ROOT, mutant.file), 'utf8')
    expect(editedText(text, mutant)).not.toBe(text)
    expect(existsSync(join(ROOT, mutant.test[0]))).toBe(true)
  },
)

test('guards have names of their own', () => {
  const names = MUTANTS.map(({ guard }) => guard)
  expect(new Set(names).size).toBe(names.length)
})

test('an edit applies exactly once or not at all', () => {
  const edit = { file: 'a.ts', find: 'one', put: 'two' }
  expect(editedText('a one b', edit)).toBe('a two b')
  expect(() => editedText('a b', edit)).toThrow('a.ts holds "one" no more')
  expect(() => editedText('one one', edit)).toThrow('a.ts holds "one" 2 times')
})
