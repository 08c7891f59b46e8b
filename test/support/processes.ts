/**
 * Processes seen from outside: who descends from whom, which ports are free, and waiting until something holds. Works on Linux and macOS.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const CHECK_EVERY_MS = 50

/**
 * Waits until `check` returns something else than undefined or false, and returns that.
 * @throws {Error} that names `what` after `limitMs`: a bound against hanging, not a measurement
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 60_000,
): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await check()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`)
    await delay(CHECK_EVERY_MS)
  }
}

/** Says whether any process of a group is left, ended ones that nobody has waited for included. */
export function groupExists(id: number): boolean {
  return isAlive(-id)
}

/** Settles when no process of the group is left. @throws {Error} if some outlive it */
export async function groupIsGone(group: number): Promise<void> {
  await eventually(`process group ${group} ends`, () => !groupExists(group), 10_000)
}

/** Returns the ids of a process's children, grandchildren and so on. */
export function descendantsOf(root: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='])
    .toString()
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number))
  const found: number[] = []
  const visit = (parent: number) => {
    for (const [pid, ppid] of rows)
      if (pid !== undefined && ppid === parent) {
        found.push(pid)
        visit(pid)
      }
  }
  visit(root)
  return found
}

/** Says whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Returns the memory that a process and its descendants hold, bytes. */
export function residentBytes(root: number): number {
  const ids = [root, ...descendantsOf(root)].join(',')
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', ids])
  return stdout
    .toString()
    .trim()
    .split('\n')
    .reduce((sum, kib) => sum + Number(kib) * 1_024, 0)
}

/** Returns the command line of a process, empty where it has ended. */
export function commandOf(pid: number): string {
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)])
  return stdout.toString().trim()
}

/** Returns a port of loopback that was free a moment ago, for programs that have to be told one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
