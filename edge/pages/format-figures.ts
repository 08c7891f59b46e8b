/**
 * Counts, tokens, durations, amounts and times as the pages write them. The sentence's own figures, rounded to
 * cents, are `shared/savings-sentence.ts`'s.
 */

const NANO = 1_000_000_000
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })

/** Returns a count with its thousands parted. */
export function formatCount(count: number): string {
  return WHOLE.format(count)
}

/** Returns a count in at most three digits: 41.2K, 1.3M. */
export function formatCompact(count: number): string {
  return COMPACT.format(count)
}

/** Returns an amount of a single request without losing any of it: at least cents, at most nine digits. */
export function formatExactUsd(nanoUsd: number): string {
  const size = Math.abs(nanoUsd)
  const fraction = String(size % NANO)
    .padStart(9, '0')
    .replace(/0{1,7}$/, '')
  return `${nanoUsd < 0 ? '−' : ''}$${WHOLE.format(Math.floor(size / NANO))}.${fraction}`
}

/** Returns a duration in its largest useful unit: 840 ms, 1.3 s, 2 min 5 s. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  const rest = whole % 60
  return `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}`
}

/** Returns a function that writes a time (milliseconds since the epoch) as 2026-11-27 14:05:09 in the zone. */
export function createTimeFormat(timezone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return (time) => format.format(time)
}
