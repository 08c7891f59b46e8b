/** What must hold after a load, and what was seen. Computes; starts nothing. */

import { type Held, MAX_QUEUE } from './held.ts'
import type { LoadEnd } from './load-client.ts'
import type { UpstreamReport } from './upstream-report.ts'

export type Verdict = { readonly what: string; readonly holds: boolean; readonly seen: string }

/** Says of the answers: each ended, and none in a way that it must not. */
export function verdictsOfEnds(ends: readonly LoadEnd[]): readonly Verdict[] {
  const never = ends.filter(({ kind }) => kind === 'never')
  const wrong = ends.filter(({ kind }) => kind === 'wrong')
  return [
    {
      what: 'every request ends',
      holds: never.length === 0,
      seen: `${never.length} of ${ends.length} did not`,
    },
    {
      what: 'whole, with one error, or as the client hangs up; never two models in one answer',
      holds: wrong.length === 0,
      seen: wrong.length === 0 ? 'all' : `${wrong.length} not, such as ${wrong[0]?.wrong}`,
    },
  ]
}

/**
 * Says of the receipts: one for each request, whoever hung up.
 * @param users one each
 */
export function verdictOfReceipts(ends: readonly Pick<LoadEnd, 'kind'>[], users: readonly string[]): Verdict {
  const different = new Set(users).size
  const left = ends.filter(({ kind }) => kind === 'hung_up').length
  return {
    what: 'one receipt per request, also where the client hung up',
    holds: users.length === ends.length && different === ends.length,
    seen: `${users.length} receipts of ${different} requests, ${ends.length} asked, ${left} hung up`,
  }
}

/** Says of the container: nobody waits beyond its queue. */
export function verdictOfQueue({ longestQueue }: UpstreamReport): Verdict {
  return {
    what: `the container's queue is never longer than MAX_QUEUE (${MAX_QUEUE})`,
    holds: longestQueue <= MAX_QUEUE,
    seen: String(longestQueue),
  }
}

/** Says of what is held after everything has ended: what was held before. */
export function verdictsOfRest(before: Held, after: Held): readonly Verdict[] {
  return [
    {
      what: 'no connection to an upstream is left open',
      holds: after.upstreamSockets === 0 && after.containerSockets <= before.containerSockets,
      seen: `${after.upstreamSockets}; sockets of the container ${before.containerSockets} before, ${after.containerSockets} after`,
    },
    {
      what: 'no request is on its way in the books of the tenant',
      holds: after.reserved === 0,
      seen: String(after.reserved),
    },
  ]
}

/** Returns the value below which `share` of the values lie; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
