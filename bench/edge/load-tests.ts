/** What many requests do to each contender: how many it answers in a second, and what it holds in memory afterwards. */
import { processTree, residentMiB } from '../inference/process-usage.ts'
import { drive } from './drive.ts'
import type { Contender } from './measure-edge.ts'
import { processorTimeMs } from './processor-time.ts'
import { KINDS } from './workload.ts'

export type LoadFigure = {
  readonly contender: string
  /** With as many connections as keep it busy; of a machine that does other things, too, less. */
  readonly requestsPerSecond: number
  /** By its own processor time alone: what one core would answer with nothing else to do. */
  readonly requestsPerCpuSecond: number
  readonly memoryMiB: { readonly before: number | undefined; readonly after: number | undefined }
}

const CONNECTIONS = 64
const FIRST_NUMBER = 500_000_000

/** Asks each contender so many pass-through requests, all different. @throws if one is answered wrongly */
export async function measureLoad(
  contenders: readonly Contender[],
  requests: number,
  headers: Readonly<Record<string, string>>,
): Promise<readonly LoadFigure[]> {
  const [kind] = KINDS
  const figures: LoadFigure[] = []
  let number = FIRST_NUMBER
  for (const { name, port, pid, isRouter, headers: own = {} } of contenders) {
    if (kind === undefined || pid === undefined) continue
    const memory = () => residentMiB(processTree(pid))
    const before = memory()
    const usedBefore = processorTimeMs(pid) ?? Number.NaN
    const begun = performance.now()
    await drive({
      port,
      connections: CONNECTIONS,
      requests,
      headers: { ...headers, ...own },
      body() {
        number += 1
        return kind.body(number)
      },
      expected: isRouter ? kind.expected : {},
    })
    const seconds = (performance.now() - begun) / 1_000
    const used = (processorTimeMs(pid) ?? Number.NaN) - usedBefore
    figures.push({
      contender: name,
      requestsPerSecond: requests / seconds,
      requestsPerCpuSecond: (1_000 * requests) / used,
      memoryMiB: { before, after: memory() },
    })
  }
  return figures
}
