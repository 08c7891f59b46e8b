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
const WARM_UP_SHARE = 0.25
/**
 * What resident memory may grow by, the larger of the two. Allocators give back late: the edge's process had 160 to 240 MiB, by
 * whether a collection had just been, while its heap stayed at 8.8.
 */
const PROCESS_GROWTH = { share: 0.1, mib: 32 } as const
/**
 * What the edge may hold more of after a collection. 0.2 MiB of noise were seen over 20,000 requests; a request that leaves 100
 * bytes behind is noticed within 10,000.
 */
const HEAP_GROWTH = { share: 0, mib: 1 } as const

const KINDS = [
  { name: 'heap of the edge, after a collection', member: 'edgeHeapMiB', room: HEAP_GROWTH },
  { name: 'process of the edge', member: 'edgeMiB', room: PROCESS_GROWTH },
  { name: 'processes of the container', member: 'containerMiB', room: PROCESS_GROWTH },
] as const

/**
 * Compares the quarter after the warm-up with the last one.
 * @param isJudged false in a time too short for allocators: the figures alone
 */
export function growths(samples: readonly Held[], isJudged: boolean): readonly Growth[] {
  return KINDS.map(({ name, member, room }) => {
    const values = samples.flatMap((sample) => sample[member] ?? [])
    const quarter = Math.max(1, Math.floor(values.length * WARM_UP_SHARE))
    const warm = median(values.slice(quarter, 2 * quarter))
    const last = median(values.slice(-quarter))
    const allowed = Math.max(room.mib, warm * room.share)
    const seen = `${warm.toFixed(1)} → ${last.toFixed(1)}${isJudged ? '' : ', not judged in so short a time'}`
    return {
      name,
      member,
      warm,
      last,
      verdict: {
        what: `the ${name} grows by no more than ${allowed.toFixed(0)} MiB after the warm-up`,
        holds: !isJudged || values.length === 0 || last - warm <= allowed,
        seen: values.length === 0 ? 'not told by this system' : seen,
      },
    }
  })
}
