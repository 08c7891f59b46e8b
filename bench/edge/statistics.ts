/** What is made of many measurements: percentiles, orders, ratios of sums. Pure; knows nothing of what was measured. */

/** Returns the value below which this share (0–1) of the values lies, NaN where there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))
  return sorted[at] ?? Number.NaN
}

/** Returns the value in the middle, NaN where there is none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** Returns the items beginning with another one each round, and backwards every other time that all had their turn. */
export function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const by = round % items.length
  const turned = [...items.slice(by), ...items.slice(0, by)]
  return Math.floor(round / items.length) % 2 === 0 ? turned : turned.reverse()
}

/** Processor time and what it was used for, of one round. */
export type Slice = { readonly cpuMs: number; readonly count: number }

/** Returns microseconds for each of what was counted, over all rounds. */
export function microsecondsEach(slices: readonly Slice[]): number {
  const sum = (of: (slice: Slice) => number) => slices.reduce((total, slice) => total + of(slice), 0)
  return (1_000 * sum(({ cpuMs }) => cpuMs)) / sum(({ count }) => count)
}

export type Ratio = {
  /** Of all rounds together. */
  readonly pooled: number
  /** Of the round where it is lowest, and highest: how far the figure can be trusted. */
  readonly lowest: number
  readonly highest: number
}

/** Returns how many times the processor time of the other these rounds took; rounds of one number belong together. */
export function cpuRatio(slices: readonly Slice[], others: readonly Slice[]): Ratio {
  const byRound = slices.flatMap((slice, round) => {
    const other = others[round]
    return other === undefined ? [] : [microsecondsEach([slice]) / microsecondsEach([other])]
  })
  return {
    pooled: microsecondsEach(slices) / microsecondsEach(others),
    lowest: Math.min(...byRound),
    highest: Math.max(...byRound),
  }
}
