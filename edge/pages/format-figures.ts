/**
 * Counts, tokens, durations, amounts and times as the pages write them. The sentence's own figures, rounded to
 * cents, are `shared/savings-sentence.ts`'s.
 */

import { formatNanoUsd } from '../../shared/savings-sentence.ts'

const HALF_CENT = 5_000_000

import { NANO_PER_USD } from '../../shared/money.ts'

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
  const fraction = String(size % NANO_PER_USD)
    .padStart(9, '0')
    .replace(/0{1,7}$/, '')
  return `${nanoUsd < 0 ? '−' : ''}$${WHOLE.format(Math.floor(size / NANO_PER_USD))}.${fraction}`
}

/** Returns a sum in dollars and cents; one below half a cent, of which cents say nothing, in two significant digits. */
export function formatUsd(nanoUsd: number): string {
  const size = Math.abs(nanoUsd)
  if (size < 1 || size >= HALF_CENT) return formatNanoUsd(nanoUsd)
  return formatExactUsd(Math.round(Number(nanoUsd.toPrecision(2))))
}

/** Returns a count beside a chart's line; nothing beside a line between two counts. */
export function formatCountStep(count: number): string {
  return Number.isInteger(count) ? formatCount(count) : ''
}

/**
 * Returns an amount beside a chart's line, in as many digits as tell the lines apart.
 * @param stepNanoUsd from one line to the next
 */
export function formatUsdStep(nanoUsd: number, stepNanoUsd: number): string {
  if (stepNanoUsd < 1) return nanoUsd === 0 ? '$0.00' : ''
  let digits = 2
  while (digits < 9 && !Number.isInteger(Math.round(stepNanoUsd) / 10 ** (9 - digits))) digits += 1
  const size = (Math.abs(nanoUsd) / NANO_PER_USD).toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return `${nanoUsd < 0 ? '−' : ''}$${size}`
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

/** Returns how long a whole answer took, of its receipt; nobody knows how long a row of a batch did. */
export function formatLatency({
  surface,
  latencyMs,
}: {
  readonly surface: string
  readonly latencyMs: number
}): string {
  return surface === 'batches' ? '–' : formatDuration(latencyMs)
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
