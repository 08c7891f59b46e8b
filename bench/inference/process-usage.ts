/**
 * Time and memory of other processes, by Linux's /proc; elsewhere there is nothing to read and the figures are undefined.
 */
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** Returns the ids of a process and of all that it started. */
export function processTree(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return [
      pid,
      ...children.filter((child) => child.trim() !== '').flatMap((child) => processTree(Number(child))),
    ]
  } catch {
    return [pid]
  }
}

/**
 * Returns resident memory in MiB: what each has alone, and what they share (the runtime's own code above all) once. Not the
 * proportional set size: that grows smaller by every other process here that runs the same runtime.
 */
export function residentMiB(pids: readonly number[]): number | undefined {
  try {
    const rollups = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
    const kib = (rollup: string, kind: string) =>
      [...rollup.matchAll(new RegExp(`^${kind}_(?:Clean|Dirty):\\s+(\\d+)`, 'gm'))].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      )
    const own = rollups.reduce((sum, rollup) => sum + kib(rollup, 'Private'), 0)
    return (own + Math.max(...rollups.map((rollup) => kib(rollup, 'Shared')))) / 1_024
  } catch {
    return undefined
  }
}

/** Returns the processor time that the processes and those of their children that have ended used, in ms, to a tick of 10. */
export function usedCpuMs(pids: readonly number[]): number | undefined {
  try {
    return pids.reduce((sum, pid) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0)
      return sum + (ticks * 1_000) / TICKS_PER_SECOND
    }, 0)
  } catch {
    return undefined
  }
}
