/**
 * How sure a share is that was counted on few. Knows nothing of what was counted.
 */

export type Interval = { readonly lower: number; readonly upper: number }

/** The standard normal distribution's quantile that leaves 2.5 % on each side. */
const Z_95 = 1.959963984540054

/**
 * Returns the 95 % score interval of a share, from 0 to 1 (E. B. Wilson, Probable inference, the law of succession, and
 * statistical inference, Journal of the American Statistical Association 22, 1927, pp. 209–212); of nothing it is all of it.
 * @param passed at most `total`
 */
export function wilsonInterval(passed: number, total: number): Interval {
  if (total === 0) return { lower: 0, upper: 1 }
  const share = passed / total
  const spread = Z_95 ** 2 / total
  const centre = share + spread / 2
  const half = Z_95 * Math.sqrt((share * (1 - share) + spread / 4) / total)
  return {
    lower: Math.max(0, (centre - half) / (1 + spread)),
    upper: Math.min(1, (centre + half) / (1 + spread)),
  }
}
