/** Sums over rows of the usage API. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { UsageRow, UsageTotals } from '../../../../edge/ledger/ledger.ts'
import { timeBuckets } from '../../../../edge/pages/dashboard/time-buckets.ts'
import {
  addUp,
  overTime,
  selectRows,
  seriesBy,
  totalsBy,
} from '../../../../edge/pages/dashboard/usage-figures.ts'

const NOTHING = addUp([])
const period = { from: Date.parse('2026-11-25T00:00Z'), to: Date.parse('2026-11-28T12:00Z') }
const days = { buckets: timeBuckets(period, 'day', 'UTC'), unit: 'day' } as const

function row(group: UsageRow['group'], totals: Partial<UsageTotals>): UsageRow {
  return { group, totals: { ...NOTHING, ...totals } }
}

const rows = [
  row(
    { day: '2026-11-25', route: 'local' },
    { requests: 2, latency: [1, 1, 0], fallbacks: {}, identified: 1 },
  ),
  row({ day: '2026-11-27', route: 'local' }, { requests: 3, latency: [0, 3, 0] }),
  row(
    { day: '2026-11-27', route: 'claude' },
    { requests: 9, costNanoUsd: 70, fallbacks: { timeout: 2 }, latency: [0, 0, 9] },
  ),
  row({ day: '2026-11-28', route: null }, { requests: 1, failed: 1, fallbacks: { timeout: 1, error: 1 } }),
]

test('adds up counts, causes and histograms', () => {
  expect(addUp(rows)).toMatchObject({
    requests: 15,
    failed: 1,
    identified: 1,
    costNanoUsd: 70,
    fallbacks: { timeout: 3, error: 1 },
    latency: [1, 4, 9, ...NOTHING.latency.slice(3)],
  })
})

test('counts causes by names that every object has', () => {
  const causes = JSON.parse('{"__proto__": 2, "constructor": 1}')
  expect(
    Object.entries(addUp([row({}, { fallbacks: causes }), row({}, { fallbacks: causes })]).fallbacks),
  ).toEqual([
    ['__proto__', 4],
    ['constructor', 2],
  ])
})

test('gives the totals of each value, the most requests first', () => {
  expect(totalsBy(rows, 'route').map(({ value, totals }) => [value, totals.requests])).toEqual([
    ['claude', 9],
    ['local', 5],
    [null, 1],
  ])
})

test('gives a number for every bucket, those without rows included', () => {
  expect(seriesBy(rows, 'route', days, ({ requests }) => requests)).toEqual([
    { value: 'claude', numbers: [0, 0, 9, 0] },
    { value: 'local', numbers: [2, 0, 3, 0] },
    { value: null, numbers: [0, 0, 0, 1] },
  ])
  expect(overTime(rows, days).map(({ costNanoUsd }) => costNanoUsd)).toEqual([0, 0, 70, 0])
})

test('selects rows by their groups', () => {
  expect(selectRows(rows, { route: 'local' })).toHaveLength(2)
  expect(selectRows(rows, {})).toHaveLength(4)
  expect(selectRows(rows, { model: 'claude-sonnet-5-5' })).toHaveLength(0)
})

test('keeps every request, however rows are grouped', () => {
  const some = fc.record({
    day: fc.constantFrom('2026-11-25', '2026-11-26', '2026-11-28'),
    route: fc.constantFrom('local', 'claude', null),
    requests: fc.nat(1000),
  })
  fc.assert(
    fc.property(fc.array(some), (parts) => {
      const made = parts.map(({ day, route, requests }) => row({ day, route }, { requests }))
      const total = parts.reduce((sum, { requests }) => sum + requests, 0)
      const bySeries = seriesBy(made, 'route', days, ({ requests }) => requests)
      expect(bySeries.flatMap(({ numbers }) => numbers).reduce((sum, each) => sum + each, 0)).toBe(total)
      expect(addUp(made).requests).toBe(total)
    }),
  )
})
