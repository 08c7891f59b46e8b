/**
 * One installation at a time in one clone: a folder that names its owner's process. A lock whose owner is gone is taken
 * over. Knows nothing of what is done under it.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

const RETRY_AFTER_MS = 200

/**
 * Runs `work` while no other process runs under the same lock.
 * @template T
 * @param {string} folder
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (owner: number) => void, signal?: AbortSignal }} [options] `onWait` is called once, with the
 *   process id of who holds the lock
 * @returns {Promise<T>} what `work` returns
 */
export async function withLock(folder, work, { onWait, signal } = {}) {
  mkdirSync(dirname(folder), { recursive: true })
  let told = false
  for (let owner = claim(folder); owner !== undefined; owner = claim(folder)) {
    signal?.throwIfAborted()
    if (!told && owner > 0) onWait?.(owner)
    told ||= owner > 0
    await new Promise((resume) => setTimeout(resume, RETRY_AFTER_MS))
  }
  try {
    return await work()
  } finally {
    release(folder)
  }
}

/**
 * Takes the lock for as long as this process runs, or until `release`.
 * @param {string} folder
 * @returns {number | undefined} undefined where it is ours now, else who has it (0: somebody who is just taking it)
 */
export function claim(folder) {
  while (!take(folder)) {
    const owner = ownerOf(folder)
    if (owner === undefined || isAlive(owner)) return owner ?? 0
    release(folder)
  }
  process.on('exit', () => {
    if (ownerOf(folder) === process.pid) release(folder)
  })
  return undefined
}

/** @param {string} folder */
export function release(folder) {
  rmSync(folder, { recursive: true, force: true })
}

function take(folder) {
  try {
    mkdirSync(folder)
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  mkdirSync(join(folder, String(process.pid)))
  return true
}

// Undefined for the moment between the two folders.
function ownerOf(folder) {
  try {
    const owner = Number(readdirSync(folder)[0])
    return Number.isInteger(owner) ? owner : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
