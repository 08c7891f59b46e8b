/**
 * A steady load for minutes or hours: what is held at the end must be what was held after the first part. Returns what must
 * hold and the figures.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { markdownTable } from '../markdown-table.ts'
import { endsTable, type LoadOutcome } from './burst.ts'
import { heapGrowth, processGrowths, WARM_UP_SHARE } from './growth.ts'
import type { Held } from './held.ts'
import { askUnderLoad, type LoadEnd } from './load-client.ts'
import { loadRequests } from './load-requests.ts'
import { KEY, type StackUnderLoad } from './stack-under-load.ts'
import { verdictOfQueue, verdictsOfEnds, verdictsOfRest } from './verdicts.ts'

export type SoakPlan = {
  readonly durationMs: number
  readonly perSecond: number
  readonly seed: number
  readonly say: (line: string) => void
}

const LONGEST_MS = 180_000
const SETTLE_MS = 10_000
const SAMPLES = 40
/** An allocator that nobody presses grows for minutes. */
const SHORTEST_JUDGED_MS = 600_000

/** Asks for as long as the plan says. */
export async function runSoak(
  stack: StackUnderLoad,
  { durationMs, perSecond, seed, say }: SoakPlan,
): Promise<LoadOutcome> {
  const next = loadRequests(seed, KEY)
  const before = await stack.held()
  const keptBefore = await stack.receiptCount()
  const samples: Held[] = []
  const ends: LoadEnd[] = []
  /** Asks steadily for so long, then waits for whoever is under way. */
  const load = async (partMs: number) => {
    const underWay = new Set<Promise<void>>()
    const everyMs = 1_000 / perSecond
    const begun = performance.now()
    let sampleAt = begun + durationMs / SAMPLES
    for (let asked = 0; performance.now() - begun < partMs; asked++) {
      const request = askUnderLoad(stack.url, next(), LONGEST_MS).then((end) => void ends.push(end))
      const tracked: Promise<void> = request.finally(() => underWay.delete(tracked))
      underWay.add(tracked)
      if (performance.now() > sampleAt) {
        sampleAt += durationMs / SAMPLES
        const held = await stack.held()
        samples.push(held)
        say(
          `${ends.length} answered, ${underWay.size} under way; edge ${held.edgeHeapMiB.toFixed(1)} MiB of heap, ${mib(held.edgeMiB)} in all, container ${mib(held.containerMiB)}`,
        )
      }
      await delay(Math.max(0, begun + (asked + 1) * everyMs - performance.now()))
    }
    await Promise.all(underWay)
    await delay(SETTLE_MS)
  }
  await load(durationMs * WARM_UP_SHARE)
  const warm = await stack.held()
  await load(durationMs * (1 - WARM_UP_SHARE))
  const after = await stack.held()
  const kept = (await stack.receiptCount()) - keptBefore
  const report = await stack.upstreams.report()
  const left = ends.filter(({ kind }) => kind === 'hung_up').length
  const receipts = {
    what: 'one receipt per request, also where the client hung up',
    holds: kept === ends.length,
    seen: `${kept} of ${ends.length}, ${left} hung up`,
  }
  const isJudged = durationMs >= SHORTEST_JUDGED_MS
  const heap = heapGrowth(warm.edgeHeapMiB, after.edgeHeapMiB, isJudged)
  const memory = [heap, ...processGrowths(samples, isJudged)]
  return {
    verdicts: [
      ...verdictsOfEnds(ends),
      receipts,
      verdictOfQueue(report),
      ...verdictsOfRest(before, after),
      ...memory.map(({ verdict }) => verdict),
    ],
    figures: [
      `${ends.length} requests in ${(durationMs / 60_000).toFixed(1)} min; ${report.claude.faults + report.container.faults} faults.`,
      '',
      endsTable(ends),
      '',
      markdownTable(
        ['MiB', 'before', 'after the warm-up', 'last quarter', 'after all'],
        memory.map(({ name, member, warm: early, last }) => [
          name,
          mib(before[member]),
          mib(early),
          mib(last),
          mib(after[member]),
        ]),
      ),
    ].join('\n'),
  }
}

function mib(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(1)
}
