import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureDependencies, isInstalled } from '../../scripts/bootstrap/install.mjs'
import { createClone } from './clone.ts'

const say = () => {}

test('takes over what a plain npm ci has installed', () => {
  const { folder } = createClone()
  expect(isInstalled(folder)).toBe(false)
  installed(folder, { 'node_modules/thing': { version: '1.0.0' } })
  expect(isInstalled(folder)).toBe(true)
})

test('does not take over another version or an installation without development packages', () => {
  const { folder } = createClone()
  installed(folder, { 'node_modules/thing': { version: '0.9.0' } })
  expect(isInstalled(folder)).toBe(false)
  installed(folder, {})
  expect(isInstalled(folder)).toBe(false)
})

test('misses a binary of this platform, but not those of others', () => {
  const { folder, write } = createClone()
  const binary = { version: '1.0.0', integrity: 'sha512-x', optional: true }
  const elsewhere = process.platform === 'darwin' ? 'linux' : 'darwin'
  const lock = (os: string) =>
    JSON.stringify({
      lockfileVersion: 3,
      packages: { 'node_modules/binary': { ...binary, os: [os], cpu: [process.arch] } },
    })
  installed(folder, {})
  write('package-lock.json', lock(elsewhere))
  expect(isInstalled(folder)).toBe(true)
  write('package-lock.json', lock(process.platform))
  expect(isInstalled(folder)).toBe(false)
})

test('an installation that npm fails leaves no stamp', async () => {
  const { folder } = createClone()
  const npm = async () => ({ ok: false, output: 'npm error code ENOSPC' })
  await expect(ensureDependencies(folder, { say, npm })).rejects.toThrow('The disk is full.')
  expect(isInstalled(folder)).toBe(false)
})

test('says which file to restore where the lockfile is gone', () => {
  const { folder } = createClone()
  expect(() => isInstalled(join(folder, 'fake'))).toThrow('git checkout package-lock.json')
})

test('installs with the development packages whatever NODE_ENV says', async () => {
  const { folder } = createClone()
  const calls: string[][] = []
  const npm = async (args: string[]) => {
    calls.push(args)
    installed(folder, JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages)
    return { ok: true, output: '' }
  }
  await ensureDependencies(folder, { say, npm })
  expect(calls).toEqual([['ci', '--include=dev', '--include=optional', '--loglevel=error']])
  expect(isInstalled(folder)).toBe(true)
})

function installed(folder: string, packages: Record<string, { version: string }>): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
}

test('leaves out optional packages where they are not wanted', async () => {
  const { folder } = createClone()
  const calls: string[][] = []
  const npm = async (args: string[]) => {
    calls.push(args)
    return { ok: false, output: '' }
  }
  await expect(ensureDependencies(folder, { say, npm, optional: false })).rejects.toThrow()
  expect(calls[0]).toContain('--omit=optional')
})
