/**
 * Installs npm packages when they are missing or not the ones in the lockfile; says nothing where they are.
 * Decides by a stamp in node_modules or, without one, by npm's own list of what it installed.
 */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { runNpm } from './npm.mjs'

/** An installation that failed, with a message for the person in front of it. */
export class InstallError extends Error {}

/**
 * Runs `npm ci` in `directory` unless its node_modules match its package-lock.json.
 * @param {string} directory holds package.json and package-lock.json
 * @param {{ say: (line: string) => void, signal?: AbortSignal, what?: string, npm?: typeof runNpm }} options
 *   `what`: what is installed, as it is called in messages
 * @throws {InstallError} with npm's output and what to do
 */
export async function ensureDependencies(
  directory,
  { say, signal, what = 'dependencies (about 1 GB on disk)', npm = runNpm },
) {
  if (isInstalled(directory)) return
  const lock = join(directory, '.cache', 'install.lock')
  const onWait = (owner) => say(`Waiting for process ${owner}, which installs here …`)
  const work = async () => {
    if (isInstalled(directory)) return
    say(`Installing ${what} with npm ci; this takes a minute or two the first time …`)
    rmSync(stampFile(directory), { force: true })
    // --include: NODE_ENV=production in the environment would otherwise leave out what the commands need.
    const { ok, output } = await npm(['ci', '--include=dev', '--include=optional', '--loglevel=error'], {
      directory,
      ...(signal === undefined ? {} : { signal }),
    })
    if (!ok) throw new InstallError(explain(output))
    writeStamp(directory)
  }
  await withLock(lock, work, { onWait, ...(signal === undefined ? {} : { signal }) })
}

/** Says whether `directory`/node_modules holds what its lockfile asks for on this platform. */
export function isInstalled(directory) {
  const wanted = readText(join(directory, 'package-lock.json'))
  if (wanted === undefined)
    throw new InstallError(
      `package-lock.json is missing in ${directory}. Restore it: git checkout package-lock.json`,
    )
  if (readText(join(directory, 'node_modules', '.package-lock.json')) === undefined) return false
  if (readText(stampFile(directory)) === stampOf(wanted)) return true
  if (!installedMatches(directory, wanted)) return false
  writeStamp(directory)
  return true
}

function installedMatches(directory, wanted) {
  try {
    const installed = JSON.parse(
      readText(join(directory, 'node_modules', '.package-lock.json')) ?? '{}',
    ).packages
    return Object.entries(JSON.parse(wanted).packages).every(([path, entry]) => {
      if (path === '' || entry.link) return true
      const found = installed[path]
      return found === undefined ? mayBeAbsent(entry) : found.version === entry.version
    })
  } catch {
    return false
  }
}

// Optional packages are absent where they are for another platform; node_modules copied from another one must not pass.
function mayBeAbsent(entry) {
  if (!entry.optional) return false
  const fits = (list, value) => list === undefined || list.includes(value)
  const forThisPlatform =
    (entry.os !== undefined || entry.cpu !== undefined) &&
    fits(entry.os, process.platform) &&
    fits(entry.cpu, process.arch)
  return !forThisPlatform || entry.libc !== undefined
}

function writeStamp(directory) {
  try {
    writeFileSync(stampFile(directory), stampOf(readText(join(directory, 'package-lock.json')) ?? ''))
  } catch {
    // A read-only node_modules is compared in full each time instead.
  }
}

function stampOf(lockfile) {
  const hash = createHash('sha256').update(lockfile).digest('hex')
  return `${hash} ${process.platform} ${process.arch}\n`
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
  const hint = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|ERR_SOCKET/.test(output)
    ? 'The npm registry cannot be reached. Check the network, or the proxy and registry settings: npm config list'
    : /ENOSPC/.test(output)
      ? 'The disk is full. Free about 1 GB and run the command again.'
      : /EACCES|EPERM/.test(output)
        ? 'npm may not write here. Check who owns this folder and ~/.npm, and do not mix sudo with plain npm.'
        : /lock file|EUSAGE/.test(output)
          ? 'package.json and package-lock.json disagree. Run: npm install'
          : 'Run npm ci yourself to see more; npm cache clean --force helps after broken downloads.'
  return `${output.trimEnd()}\n\nInstalling the dependencies failed. ${hint}`
}
