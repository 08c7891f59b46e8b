/**
 * The days or hours of a period in a time zone, those without requests included, so that a chart has no hole. Names
 * them as the usage API does.
 */
import { createLocalTime } from '../../ledger/local-time.ts'
import type { Period } from './filter.ts'

export type BucketUnit = 'day' | 'hour'

/** One day or hour: its name in the usage API, and its time, cut to the period. */
export type TimeBucket = { readonly name: string } & Period

const QUARTER = 900_000
const STEP = 3_600_000
const LONGEST_BY_HOUR = 3 * 86_400_000

/** Returns in which steps a period is shown: hours up to three days. */
export function bucketUnit({ from, to }: Period): BucketUnit {
  return to - from <= LONGEST_BY_HOUR ? 'hour' : 'day'
}

/** Returns all buckets that the period touches, oldest first. */
export function timeBuckets(period: Period, unit: BucketUnit, timezone: string): TimeBucket[] {
  const nameOf = createLocalTime(timezone)[unit]
  const found: TimeBucket[] = []
  let { from } = period
  let name = nameOf(from)
  const change = (at: number, next: string) => {
    found.push({ name, from, to: at })
    from = at
    name = next
  }
  let previous = from
  // Coarse steps, and quarters of an hour only where a name changes: zones begin their days at :15, :30 or :45, too.
  for (let time = from + STEP; previous < period.to; time += STEP) {
    const end = Math.min(time, period.to)
    if (nameOf(end) !== name)
      for (let at = Math.floor(previous / QUARTER + 1) * QUARTER; at <= end; at += QUARTER)
        if (nameOf(at) !== name && at < period.to) change(at, nameOf(at))
    previous = end
  }
  found.push({ name, from, to: period.to })
  return found
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Returns how a chart calls a bucket: 27 Nov, or 27 Nov 14:00. */
export function bucketLabel({ name }: Pick<TimeBucket, 'name'>): string {
  const [, month, day, hour] = /^\d+-(\d{2})-(\d{2})(?:T(\d{2}))?/.exec(name) ?? []
  const date = `${Number(day)} ${MONTHS[Number(month) - 1]}`
  return hour === undefined ? date : `${date} ${hour}:00`
}
