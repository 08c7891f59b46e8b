/**
 * A steady load for minutes or hours: what is held at the end must be what was held after the first part. Returns what must
 * hold and the figures.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../inference/median.ts'
import { markdownTable } from '../markdown-table.ts'
import { endsTable, type LoadOutcome } from './burst.ts'
import type { Held } from './held.ts'
import { askUnderLoad, type LoadEnd } from './load-client.ts'
import { loadRequests } from './load-requests.ts'
import { KEY, type StackUnderLoad } from './stack-under-load.ts'
import { type Verdict, verdictOfQueue, verdictsOfEnds, verdictsOfRest } from './verdicts.ts'

export type SoakPlan = {
  readonly durationMs: number
  readonly perSecond: number
  readonly seed: number
  readonly say: (line: string) => void
}

const LONGEST_MS = 180_000
const SETTLE_MS = 10_000
const SAMPLES = 40
/** Caches, compiled code and the ledger's pages fill first. */
const WARM_UP_SHARE = 0.25
/** A heap that nobody presses grows for minutes before it is collected. */
const SHORTEST_JUDGED_MS = 600_000
/** What memory may grow by from the warm-up's end to the last quarter: the allocators' own swings, and one of the two. */
const GROWTH_SHARE = 0.1
const GROWTH_MIB = 32

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
  const underWay = new Set<Promise<void>>()
  const begun = performance.now()
  const everyMs = 1_000 / perSecond
  for (let asked = 0; performance.now() - begun < durationMs; asked++) {
    const request = askUnderLoad(stack.url, next(), LONGEST_MS).then((end) => void ends.push(end))
    const tracked: Promise<void> = request.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    if (performance.now() - begun > ((samples.length + 1) * durationMs) / SAMPLES) {
      const held = await stack.held()
      samples.push(held)
      say(
        `${asked + 1} asked, ${underWay.size} under way; edge ${held.edgeMiB?.toFixed(0)} MiB, container ${held.containerMiB?.toFixed(0)} MiB`,
      )
    }
    await delay(Math.max(0, begun + (asked + 1) * everyMs - performance.now()))
  }
  await Promise.all(underWay)
  await delay(SETTLE_MS)
  const after = await stack.held()
  const kept = (await stack.receiptCount()) - keptBefore
  const report = await stack.upstreams.report()
  const left = ends.filter(({ kind }) => kind === 'hung_up').length
  const receipts = {
    what: 'one receipt per request, at most one where the client hung up',
    holds: kept <= ends.length && kept >= ends.length - left,
    seen: `${kept} of ${ends.length}, ${left} hung up`,
  }
  const isJudged = durationMs >= SHORTEST_JUDGED_MS
  const memory = [
    growth('edge', samples, 'edgeMiB', isJudged),
    growth('container', samples, 'containerMiB', isJudged),
  ]
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
        memory.map(({ row }, index) => {
          const name = index === 0 ? 'edgeMiB' : 'containerMiB'
          return [row.name, mib(before[name]), mib(row.warm), mib(row.last), mib(after[name])]
        }),
      ),
    ].join('\n'),
  }
}

function growth(
  name: string,
  samples: readonly Held[],
  member: 'edgeMiB' | 'containerMiB',
  isJudged: boolean,
): {
  readonly verdict: Verdict
  readonly row: { readonly name: string; readonly warm: number; readonly last: number }
} {
  const values = samples.flatMap((sample) => sample[member] ?? [])
  const quarter = Math.max(1, Math.floor(values.length * WARM_UP_SHARE))
  const warm = median(values.slice(quarter, 2 * quarter))
  const last = median(values.slice(-quarter))
  const room = Math.max(GROWTH_MIB, warm * GROWTH_SHARE)
  return {
    row: { name, warm, last },
    verdict: {
      what: `memory of the ${name} grows by no more than ${room.toFixed(0)} MiB after the warm-up`,
      holds: !isJudged || values.length === 0 || last - warm <= room,
      seen:
        values.length === 0
          ? 'not told by this system'
          : `${mib(warm)} → ${mib(last)}${isJudged ? '' : ', not judged in so short a time'}`,
    },
  }
}

function mib(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(0)
}
