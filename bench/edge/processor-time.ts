/** Processor time of a process in steps finer than the kernel's ticks of 10 ms. Knows nothing of what it did with it. */
import { readdirSync, readFileSync } from 'node:fs'
import { processTree, usedCpuMs } from '../inference/process-usage.ts'

/**
 * Returns what a process and all that it started have used, ms: by the scheduler's own clock where the kernel tells it, which
 * leaves out threads that have ended, else by ticks.
 * @returns undefined where the system does not tell
 */
export function processorTimeMs(pid: number): number | undefined {
  const pids = processTree(pid)
  try {
    return pids.flatMap(threadsOf).reduce((sum, file) => sum + onProcessorMs(file), 0)
  } catch {
    return usedCpuMs(pids)
  }
}

function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`)
}

function onProcessorMs(file: string): number {
  const nanoseconds = Number(readFileSync(file, 'utf8').split(' ')[0])
  if (Number.isNaN(nanoseconds)) throw new Error(`${file} tells no time.`)
  return nanoseconds / 1_000_000
}
