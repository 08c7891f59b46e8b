/** Whether what is held under a steady load grows, and what is allowed. Computes; measures nothing. */
import { median } from '../inference/median.ts'
import type { Held } from './held.ts'
import type { Verdict } from './verdicts.ts'

type Measured = 'edgeHeapMiB' | 'edgeMiB' | 'containerMiB'
type Growth = {
  readonly name: string
  readonly member: Measured
  /** Medians, MiB; NaN where the system does not tell. */
  readonly warm: number
  readonly last: number
  readonly verdict: Verdict
}

/** Caches, compiled code and the ledger's pages fill first. */
export const WARM_UP_SHARE = 0.25
/**
 * What resident memory may grow by, the larger of the two. Allocators give back late: the edge's process had 160 to 240 MiB, by
 * whether a collection had just been, while its heap stayed at 8.8.
 */
const GROWTH_SHARE = 0.1
const GROWTH_MIB = 32
/**
 * What the edge may hold more of after a collection, with nobody under way. 0.2 MiB of noise were seen over 20,000 requests; 120
 * bytes that each request leaves behind are noticed within 10,000.
 */
const HEAP_GROWTH_MIB = 1
const PROCESSES = [
  { name: 'process of the edge', member: 'edgeMiB' },
  { name: 'processes of the container', member: 'containerMiB' },
] as const

/**
 * Compares what the edge's isolates hold at rest, after the warm-up and after all.
 * @param isJudged false in a time too short: the figures alone
 */
export function heapGrowth(warm: number, last: number, isJudged: boolean): Growth {
  return grown({ name: 'heap of the edge', member: 'edgeHeapMiB', warm, last }, HEAP_GROWTH_MIB, isJudged)
}

/** Compares resident memory in the quarter after the warm-up with the last one, under load. */
export function processGrowths(samples: readonly Held[], isJudged: boolean): readonly Growth[] {
  return PROCESSES.map(({ name, member }) => {
    const values = samples.flatMap((sample) => sample[member] ?? [])
    const quarter = Math.max(1, Math.floor(values.length * WARM_UP_SHARE))
    const warm = median(values.slice(quarter, 2 * quarter))
    const last = median(values.slice(-quarter))
    return grown({ name, member, warm, last }, Math.max(GROWTH_MIB, warm * GROWTH_SHARE), isJudged)
  })
}

function grown(measured: Omit<Growth, 'verdict'>, allowedMiB: number, isJudged: boolean): Growth {
  const { name, warm, last } = measured
  const isTold = !Number.isNaN(last - warm)
  const seen = `${warm.toFixed(1)} → ${last.toFixed(1)}${isJudged ? '' : ', not judged in so short a time'}`
  return {
    ...measured,
    verdict: {
      what: `the ${name} grows by no more than ${allowedMiB.toFixed(0)} MiB after the warm-up`,
      holds: !isJudged || !isTold || last - warm <= allowedMiB,
      seen: isTold ? seen : 'not told by this system',
    },
  }
}
