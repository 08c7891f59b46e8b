/**
 * Expected prices as people read them: rounded to what says something. What was really paid is written out in full
 * (`dashboard/format-figures.ts`).
 */

const CENTS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** Returns an amount in USD: cents from one dollar on, else two figures that say something, such as `$0.000077`. */
export function formatEstimatedUsd(usd: number): string {
  const size = Math.abs(usd)
  const sign = usd < 0 ? '−' : ''
  if (size === 0) return '$0'
  if (size >= 0.995) return `${sign}$${CENTS.format(size)}`
  const digits = Math.min(12, Math.max(2, 1 - Math.floor(Math.log10(size))))
  return `${sign}$${size.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, '$1')}`
}
