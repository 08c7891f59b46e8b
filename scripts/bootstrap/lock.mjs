/**
 * A lock file that names its owner's process: one installation at a time in a clone, one `npm start` on a port.
 * A lock whose owner is gone is taken over. Knows nothing of what is done under it.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const RETRY_AFTER_MS = 200

/** Runs `work` under the lock and returns its result; `onWait` is told the owner's process id once. */
export async function withLock(file, work, { onWait, signal } = {}) {
  let told = false
  for (;;) {
    const { release, owner } = tryLock(file)
    if (release !== undefined) {
      try {
        return await work()
      } finally {
        release()
      }
    }
    signal?.throwIfAborted()
    if (owner !== undefined && !told) onWait?.(owner)
    told ||= owner !== undefined
    await new Promise((resume) => setTimeout(resume, RETRY_AFTER_MS))
  }
}

/** Takes the lock, for as long as this process lives unless released; or tells which living process has it. */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true })
  // Written aside and linked, so that nobody ever sees a lock without its owner's id.
  const claim = `${file}.${process.pid}`
  writeFileSync(claim, String(process.pid))
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const owner = link(claim, file) ? undefined : ownerOf(file)
      if (owner === undefined) break
      if (isAlive(owner)) return { owner }
      removeStale(file, owner)
    }
    if (ownerOf(file) !== process.pid) return {}
  } finally {
    rmSync(claim, { force: true })
  }
  const release = () => {
    process.off('exit', release)
    rmSync(file, { force: true })
  }
  process.on('exit', release)
  return { release }
}

function link(from, to) {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
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
function removeStale(file, deadOwner) {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
    if (ownerOf(aside) !== deadOwner) link(aside, file)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
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
