/**
 * One installation at a time in one clone: a lock file that names its owner's process.
 * A lock whose owner is gone is taken over. Knows nothing of what is done under it.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const RETRY_AFTER_MS = 200

/**
 * Runs `work` while no other process runs under the same lock file.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (owner: number) => void, signal?: AbortSignal }} [options] `onWait` is called once, with the
 *   process id of who holds the lock
 * @returns {Promise<T>} what `work` returns
 */
export async function withLock(file, work, { onWait, signal } = {}) {
  mkdirSync(dirname(file), { recursive: true })
  let told = false
  while (!take(file)) {
    signal?.throwIfAborted()
    const owner = ownerOf(file)
    if (owner !== undefined && isAlive(owner)) {
      if (!told) onWait?.(owner)
      told = true
      await new Promise((resume) => setTimeout(resume, RETRY_AFTER_MS))
    } else if (owner !== undefined) remove(file, owner)
  }
  const release = () => rmSync(file, { force: true })
  process.on('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

// Written aside and linked, so that nobody ever sees a lock without its owner's id.
function take(file) {
  const claim = `${file}.${process.pid}`
  writeFileSync(claim, String(process.pid))
  try {
    linkSync(claim, file)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(claim, { force: true })
  }
}

function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

// Two may find the same dead owner; the slower one must not throw away the lock that the faster one has just taken.
function remove(file, deadOwner) {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
    if (ownerOf(aside) !== deadOwner) linkSync(aside, file)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
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
