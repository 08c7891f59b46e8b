/** What wrangler.toml promises: closed by default, no secret in it, no setting that nobody reads. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const configuration = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
const vars = [
  ...(/^\[vars\]\n([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(configuration)?.[1] ?? '').matchAll(
    /^(\w+) = "(.*)"$/gm,
  ),
].map((match) => [match[1] ?? '', match[2] ?? ''] as const)

test('the entry exists', () => {
  const main = /^main = "(.+)"$/m.exec(configuration)?.[1]
  expect(main).toBeDefined()
  expect(existsSync(join(ROOT, main ?? ''))).toBe(true)
})

test('every variable is one that the Worker reads, and none is a secret', () => {
  expect(vars.length).toBeGreaterThan(0)
  expect(vars.map(([name]) => name).filter((name) => !SETTING_NAMES.includes(name))).toEqual([])
  expect(vars.map(([name]) => name).filter((name) => /SECRET|KEYS?$/.test(name))).toEqual([])
})

test('a fresh deployment lets nobody in by accident and calls no container', () => {
  const values = Object.fromEntries(vars)
  expect(values.ALLOW_ANONYMOUS).toBeUndefined()
  expect(values).toMatchObject({ LLM_STRATEGY: 'claude_only', LOCAL_LLM_ENABLED: 'false' })
})

test('in development the Worker listens on loopback', () => {
  expect(configuration).toMatch(/^\[dev\]\nip = "127\.0\.0\.1"$/m)
})

test('the deployment page sets only what the Worker reads', () => {
  const page = readFileSync(join(ROOT, 'docs/deployment.md'), 'utf8')
  const named = [...page.matchAll(/--var (\w+):|secret put (\w+)|^ *([A-Z_]+) = "/gm)].flatMap(
    ([, given, secret, line]) => given ?? secret ?? line ?? [],
  )
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter((name) => !SETTING_NAMES.includes(name))).toEqual([])
})
