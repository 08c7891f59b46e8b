/** All requests at once. Returns what must hold, and the times, which are reported only. */
import { setTimeout as delay } from 'node:timers/promises'
import { markdownTable } from '../markdown-table.ts'
import { askUnderLoad, type LoadEnd } from './load-client.ts'
import { loadRequests } from './load-requests.ts'
import { KEY, type StackUnderLoad } from './stack-under-load.ts'
import {
  quantile,
  type Verdict,
  verdictOfQueue,
  verdictOfReceipts,
  verdictsOfEnds,
  verdictsOfRest,
} from './verdicts.ts'

export type LoadOutcome = { readonly verdicts: readonly Verdict[]; readonly figures: string }

/** Longer than every deadline of the edge together. */
const LONGEST_MS = 180_000
/** What is written after an answer, and connections that are kept for a moment. */
const SETTLE_MS = 5_000

/** Sends `count` requests at once and waits for all. */
export async function runBurst(stack: StackUnderLoad, count: number, seed: number): Promise<LoadOutcome> {
  const next = loadRequests(seed, KEY)
  const before = await stack.held()
  const begun = performance.now()
  const ends = await Promise.all(
    Array.from({ length: count }, () => askUnderLoad(stack.url, next(), LONGEST_MS)),
  )
  const tookMs = performance.now() - begun
  await delay(SETTLE_MS)
  const report = await stack.upstreams.report()
  const after = await stack.held()
  return {
    verdicts: [
      ...verdictsOfEnds(ends),
      verdictOfReceipts(ends, await stack.receiptUsers()),
      verdictOfQueue(report),
      ...verdictsOfRest(before, after),
    ],
    figures: [
      `${count} requests at once, all over after ${(tookMs / 1_000).toFixed(1)} s; ${report.claude.faults} faults of Claude's stand-in in ${report.claude.requests} requests, ${report.container.faults} on the way to the container in ${report.container.requests}.`,
      '',
      endsTable(ends),
      '',
      markdownTable(
        ['told that there is no room', 'count', 'p50 ms', 'p99 ms', 'longest ms'],
        [timesRow('by the container, from the request to its headers', report.refusedAfterMs)],
      ),
    ].join('\n'),
  }
}

/** Returns how the requests ended, by who answered. */
export function endsTable(ends: readonly LoadEnd[]): string {
  const kinds = Map.groupBy(ends, ({ kind, route, status }) =>
    [kind, route || 'nobody', status || '–'].join('\n'),
  )
  const rows = [...kinds].map(([key, members]) => [
    key.split('\n').join(', '),
    ...timesRow(
      '',
      members.map(({ ms }) => ms),
    ).slice(1),
  ])
  return markdownTable(['ended', 'count', 'p50 ms', 'p99 ms', 'longest ms'], rows)
}

function timesRow(what: string, times: readonly number[]): string[] {
  const figures = [0.5, 0.99, 1].map((share) =>
    times.length === 0 ? '–' : quantile(times, share).toFixed(0),
  )
  return [what, String(times.length), ...figures]
}
