/**
 * Percentiles out of a histogram. Knows neither charts nor how the counts came about.
 */

/**
 * Returns about where the given share of the counted values lies, or undefined where nothing was counted.
 * @param counts one more than bounds: values below each bound and not below the one before, then all others
 * @param bounds ascending; the result has their unit, and the last one is the most that is ever said
 * @param share 0.5 for the median
 */
export function percentile(
  counts: readonly number[],
  bounds: readonly number[],
  share: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  const rank = share * total
  let below = 0
  for (const [index, count] of counts.entries()) {
    const bound = bounds[index]
    if (bound === undefined) break
    if (count > 0 && below + count >= rank) {
      const lower = bounds[index - 1] ?? 0
      return lower + ((bound - lower) * Math.max(0, rank - below)) / count
    }
    below += count
  }
  return bounds.at(-1)
}
