/**
 * Latencies as histograms with fixed bounds: they add up over hours, objects and tenants, as percentiles do not.
 */

/**
 * Upper bounds of the classes, ms: about ten in a factor of ten around what people feel, up to the longest time that a
 * request may take. A histogram has one class more, for what took longer still.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1_200, 1_600, 2_400, 3_200, 4_800, 6_400, 9_600,
  12_800, 19_200, 25_600, 38_400, 51_200, 76_800, 102_400, 204_800, 409_600, 819_200,
]

/** Returns the class of a latency in ms. */
export function latencyClass(milliseconds: number): number {
  let low = 0
  let high = LATENCY_BOUNDS_MS.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (milliseconds < (LATENCY_BOUNDS_MS[middle] ?? 0)) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Returns the latency in ms that a share of the requests stayed below, as if those of one class were spread evenly over
 * it; null for an empty histogram. What took longer than the last bound counts as that bound.
 * @param share 0 to 1, such as 0.95
 */
export function latencyPercentile(histogram: readonly number[], share: number): number | null {
  const count = histogram.reduce((sum, each) => sum + each, 0)
  if (count === 0) return null
  let below = 0
  for (const [index, inClass] of histogram.entries()) {
    if (inClass > 0 && below + inClass >= share * count) {
      const from = LATENCY_BOUNDS_MS[index - 1] ?? 0
      const to = LATENCY_BOUNDS_MS[index] ?? from
      return from + (to - from) * ((share * count - below) / inClass)
    }
    below += inClass
  }
  return LATENCY_BOUNDS_MS.at(-1) ?? null
}
