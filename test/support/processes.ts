/**
 * Processes seen from outside: who descends from whom, and waiting until something holds. Works on Linux and macOS.
 */
import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { groupExists } from '../../scripts/stack/process-group.ts'

const CHECK_EVERY_MS = 50

/**
 * Waits until `check` returns something else than undefined or false, and returns that.
 * @throws {Error} that names `what` after `limitMs`: a bound against hanging, not a measurement
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 30_000,
): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await check()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`)
    await delay(CHECK_EVERY_MS)
  }
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
