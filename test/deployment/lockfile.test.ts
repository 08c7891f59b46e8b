import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { lockfileProblems } from '../../scripts/lockfile.ts'

const ROOT = resolve(import.meta.dirname, '../..')

test("this repository's lockfile installs for everybody", () => {
  expect(lockfileProblems(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))).toEqual([])
})

test.each([
  [
    'a host',
    { resolved: 'https://registry.example/a.tgz', integrity: 'sha512-x' },
    'names where it was downloaded from',
  ],
  ['no checksum', {}, 'has no checksum'],
  [
    'a missing binary',
    { integrity: 'sha512-x', optionalDependencies: { 'a-darwin': '1' } },
    'wants a-darwin',
  ],
])('finds %s', (_fault, entry, message) => {
  const problems = lockfileProblems(JSON.stringify({ packages: { '': {}, 'node_modules/a': entry } }))
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(message)
})

test('accepts an optional package that is nested', () => {
  const packages = {
    'node_modules/a': { integrity: 'x', optionalDependencies: { '@b/linux': '1' } },
    'node_modules/a/node_modules/@b/linux': { integrity: 'x' },
  }
  expect(lockfileProblems(JSON.stringify({ packages }))).toEqual([])
})
