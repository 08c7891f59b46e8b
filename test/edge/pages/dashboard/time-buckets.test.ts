/** Days and hours of a period, in any time zone. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLocalTime } from '../../../../edge/ledger/local-time.ts'
import { bucketUnit, timeBuckets } from '../../../../edge/pages/dashboard/time-buckets.ts'

const at = (text: string) => Date.parse(text)
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
]

test('names days and hours as the usage API does', () => {
  const day = { from: at('2026-11-26T22:30Z'), to: at('2026-11-28T00:00Z') }
  expect(timeBuckets(day, 'day', 'Europe/Berlin').map(({ name }) => name)).toEqual([
    '2026-11-26',
    '2026-11-27',
    '2026-11-28',
  ])
  const hours = { from: at('2026-11-27T13:15Z'), to: at('2026-11-27T15:00Z') }
  expect(timeBuckets(hours, 'hour', 'Asia/Kathmandu')).toEqual([
    { name: '2026-11-27T19:00+05:45', from: hours.from, to: at('2026-11-27T14:15Z') },
    { name: '2026-11-27T20:00+05:45', from: at('2026-11-27T14:15Z'), to: hours.to },
  ])
  expect(timeBuckets(hours, 'hour', 'UTC')[0]?.name).toBe('2026-11-27T13:00+00:00')
})

test('tells the two hours apart that a clock shows twice', () => {
  const night = { from: at('2026-10-25T00:00Z'), to: at('2026-10-25T02:00Z') }
  expect(timeBuckets(night, 'hour', 'Europe/Berlin').map(({ name }) => name)).toEqual([
    '2026-10-25T02:00+02:00',
    '2026-10-25T02:00+01:00',
  ])
})

test('parts any period without a gap, each bucket under its own name', () => {
  const start = fc.integer({ min: at('2026-01-01'), max: at('2027-12-31') })
  const length = fc.integer({ min: 1, max: 40 * 86_400_000 })
  fc.assert(
    fc.property(start, length, fc.constantFrom(...ZONES), (from, milliseconds, zone) => {
      const period = { from, to: from + milliseconds }
      const unit = bucketUnit(period)
      const nameOf = createLocalTime(zone)[unit]
      const buckets = timeBuckets(period, unit, zone)
      expect(new Set(buckets.map(({ name }) => name)).size).toBe(buckets.length)
      expect(buckets[0]?.from).toBe(period.from)
      expect(buckets.at(-1)?.to).toBe(period.to)
      for (const [index, bucket] of buckets.entries()) {
        expect(bucket.from).toBeLessThan(bucket.to)
        expect(nameOf(bucket.from)).toBe(bucket.name)
        expect(nameOf(bucket.to - 1)).toBe(bucket.name)
        if (index > 0) expect(bucket.from).toBe(buckets[index - 1]?.to)
      }
    }),
    { numRuns: 60 },
  )
})
