/**
 * How often something may be done that costs money: so many times, for so large a share of the requests, or for so much
 * money, each over a sliding window of this isolate. Decides nothing; whoever takes without asking is counted all the same.
 */
import { createSlidingSums, type SlidingSums, type Sums } from './sliding-sums.ts'

export type AllowanceLimit = { readonly windowMs: number } & (
  | { readonly kind: 'count'; readonly most: number }
  /** `least` may be taken whatever their share, so that the first request of a quiet hour is not too many. */
  | { readonly kind: 'share'; readonly percent: number; readonly least: number }
  | { readonly kind: 'money'; readonly mostNanoUsd: number }
)

export type Allowance = {
  /** A request has come of which a share may be taken. */
  readonly came: () => void
  /**
   * Returns how long it takes until one may be taken, ms: 0 now, Infinity never.
   * @param nanoUsd what it is expected to cost; undefined where nobody knows, which no limit of money has room for
   */
  readonly waitMs: (nanoUsd: number | undefined) => number
  /** Counts one. */
  readonly take: (id: string, nanoUsd: number | undefined) => void
  /** Puts what it did cost in the place of what was expected; ids that took nothing change nothing. */
  readonly settle: (id: string, nanoUsd: number) => void
}

/** Returns an allowance of which nothing is used; all limits hold at once. */
export function createAllowance(limits: readonly AllowanceLimit[], now: () => number): Allowance {
  const counted = limits.map((limit) => ({ limit, sums: createSlidingSums(limit.windowMs, now) }))
  const each = (act: (sums: SlidingSums) => void) => {
    for (const { sums } of counted) act(sums)
  }
  return {
    came: () => each((sums) => sums.add({ requests: 1 })),
    waitMs: (nanoUsd) =>
      Math.max(
        0,
        ...counted.map(({ limit, sums }) => sums.waitMs((present) => hasRoom(limit, present, nanoUsd))),
      ),
    take: (id, nanoUsd) => each((sums) => sums.add({ taken: 1, nanoUsd: nanoUsd ?? 0 }, id)),
    settle: (id, nanoUsd) => each((sums) => sums.correct(id, nanoUsd)),
  }
}

/** Fractions of a percent are not exact in binary. */
const ROUNDING = 1e-6

function hasRoom(
  limit: AllowanceLimit,
  { requests, taken, nanoUsd }: Sums,
  expected: number | undefined,
): boolean {
  if (limit.kind === 'count') return taken + 1 <= limit.most
  if (limit.kind === 'money') return expected !== undefined && nanoUsd + expected <= limit.mostNanoUsd
  return taken + 1 <= Math.max(limit.least, (limit.percent * requests) / 100 + ROUNDING)
}
