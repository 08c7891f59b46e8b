/**
 * Installs npm packages when they are missing or not the ones in the lockfile; says nothing where they are.
 * Decides by a stamp in node_modules or, without one, by npm's own list of what it installed.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { withLock } from './lock.mjs'

/** An installation that failed, with a message for the person in front of it. */
export class InstallError extends Error {}

const HINTS = [
  [
    /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|ERR_SOCKET/,
    'The npm registry cannot be reached. Check the network, or the proxy and registry settings: npm config list',
  ],
  [/ENOSPC/, 'The disk is full. Free about 1 GB and run the command again.'],
  [
    /EACCES|EPERM|EROFS/,
    'This folder or ~/.npm cannot be written to. Check who owns them, and do not mix sudo with plain npm; a ' +
      'read-only clone has to be copied to a folder of your own.',
  ],
  [/lock file|EUSAGE/, 'package.json and package-lock.json disagree. Run: npm install'],
  [/(?:)/, 'Run npm ci yourself to see more; npm cache clean --force helps after broken downloads.'],
]

/**
 * Runs `npm ci` in `directory` unless its node_modules match its package-lock.json. `what` is how messages call it;
 * `optional` says whether optional packages belong to it.
 * @throws {InstallError} with npm's output and what to do
 */
export async function ensureDependencies(
  directory,
  { say, signal, what = 'dependencies (about 1 GB on disk)', optional = true, npm = runNpm },
) {
  if (isInstalled(directory)) return
  const work = async () => {
    if (isInstalled(directory)) return
    say(`Installing ${what} with npm ci; this takes a minute or two the first time …`)
    rmSync(stampFile(directory), { force: true })
    // --include: NODE_ENV=production in the environment would otherwise leave out what the commands need.
    const args = [
      'ci',
      '--include=dev',
      optional ? '--include=optional' : '--omit=optional',
      '--loglevel=error',
    ]
    const { ok, output } = await npm(args, { directory, signal })
    if (!ok) throw new InstallError(explain(output))
    writeStamp(directory)
  }
  try {
    const onWait = (owner) => say(`Waiting for process ${owner}, which installs here …`)
    await withLock(join(directory, '.cache', 'install.lock'), work, { onWait, signal })
  } catch (error) {
    if (/^(EACCES|EPERM|EROFS)$/.test(error.code)) throw new InstallError(explain(error.code))
    throw error
  }
}

/** Says whether `directory`/node_modules holds what its lockfile asks for on this platform. */
export function isInstalled(directory) {
  const wanted = readText(join(directory, 'package-lock.json'))
  if (wanted === undefined)
    throw new InstallError(
      `package-lock.json is missing in ${directory}. Restore it: git checkout package-lock.json`,
    )
  const installed = readText(join(directory, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return false
  if (readText(stampFile(directory)) === stampOf(wanted)) return true
  if (!matches(installed, wanted)) return false
  writeStamp(directory)
  return true
}

/**
 * Runs npm, the one that started us where there is one, and returns whether it worked and what it printed.
 * An aborted `signal` ends it with SIGTERM.
 */
export function runNpm(args, { directory, signal }) {
  const cli = process.env.npm_execpath ?? ''
  const [command, first] = basename(cli) === 'npm-cli.js' ? [process.execPath, [cli]] : ['npm', []]
  return new Promise((settle) => {
    let output = ''
    const child = spawn(command, [...first, ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
    child.on('error', (error) => settle({ ok: false, output: `${output}${error.message}\n` }))
    child.on('close', (code) => settle({ ok: code === 0, output }))
  })
}

function matches(installed, wanted) {
  try {
    const found = JSON.parse(installed).packages
    return Object.entries(JSON.parse(wanted).packages).every(
      ([path, entry]) =>
        path === '' ||
        entry.link ||
        (found[path] === undefined ? mayBeAbsent(entry) : found[path].version === entry.version),
    )
  } catch {
    return false
  }
}

// Optional packages are absent where they are for another platform; node_modules copied from another one must not pass.
function mayBeAbsent({ optional, os, cpu, libc }) {
  if (!optional) return false
  const fits = (list, value) => list === undefined || list.includes(value)
  const forThisPlatform = (os ?? cpu) !== undefined && fits(os, process.platform) && fits(cpu, process.arch)
  return !forThisPlatform || libc !== undefined
}

function writeStamp(directory) {
  try {
    writeFileSync(stampFile(directory), stampOf(readText(join(directory, 'package-lock.json')) ?? ''))
  } catch {
    // A read-only node_modules is compared in full each time instead.
  }
}

function stampOf(lockfile) {
  return `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform} ${process.arch}\n`
}

function stampFile(directory) {
  return join(directory, 'node_modules', '.install-stamp')
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function explain(output) {
  const hint = HINTS.find(([pattern]) => pattern.test(output))?.[1]
  return `${output.trimEnd()}\n\nInstalling the dependencies failed. ${hint}`
}
