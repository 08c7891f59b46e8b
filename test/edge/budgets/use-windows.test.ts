/** Windows of day and month: when sums begin anew, and when the zone or the clock has changed and they go on. */
import { expect, test } from 'vitest'
import type { UseRow } from '../../../edge/budgets/account-rows.ts'
import { inPresentWindows } from '../../../edge/budgets/use-windows.ts'

const HOUR = 3_600_000
const EVENING = Date.UTC(2026, 10, 27, 20)

function countedAt(at: number, timezone: string): UseRow {
  const empty = { dayTokens: 0, dayNanoUsd: 0, monthTokens: 0, monthNanoUsd: 0 }
  const open = { reservedTokens: 0, reservedNanoUsd: 0, inFlight: 0, fullAt: 0, told: 0 }
  const { row } = inPresentWindows({ subject: 'tenant', day: 0, month: 0, ...empty, ...open }, at, timezone)
  return { ...row, dayTokens: 10, monthTokens: 100, told: 0b0101 }
}

test.each(['UTC', 'Europe/Berlin', 'America/Los_Angeles'])(
  'begins a day and a month anew in %s',
  (timezone) => {
    const counted = countedAt(EVENING, timezone)
    const nextDay = inPresentWindows(counted, EVENING + 24 * HOUR, timezone).row
    expect(nextDay).toMatchObject({ dayTokens: 0, monthTokens: 100, told: 0b0100 })
    const nextMonth = inPresentWindows(counted, EVENING + 5 * 24 * HOUR, timezone)
    expect(nextMonth.row).toMatchObject({ dayTokens: 0, monthTokens: 0, told: 0 })
    expect(nextMonth.isNewMonth).toBe(true)
  },
)

test('the shortest day and month are as long as any', () => {
  const midnight = Date.UTC(2026, 2, 28, 23)
  const before = countedAt(midnight + HOUR, 'Europe/Berlin')
  expect(inPresentWindows(before, midnight + 23 * HOUR, 'Europe/Berlin').row.dayTokens).toBe(0)
  const february = countedAt(Date.UTC(2026, 1, 1), 'UTC')
  expect(inPresentWindows(february, Date.UTC(2026, 2, 1), 'UTC').row.monthTokens).toBe(0)
})

test.each([
  ['Europe/Berlin', 'UTC'],
  ['UTC', 'America/Los_Angeles'],
  ['America/Los_Angeles', 'UTC'],
  ['UTC', 'Europe/Berlin'],
])('another time zone opens nothing again: %s, then %s', (first, then) => {
  const counted = countedAt(EVENING, first)
  const { row, isNewMonth } = inPresentWindows(counted, EVENING + HOUR, then)
  expect(row).toMatchObject({ dayTokens: 10, monthTokens: 100, told: 0b0101 })
  expect(isNewMonth).toBe(false)
  const nextDay = inPresentWindows(row, EVENING + 25 * HOUR, then).row
  expect(nextDay).toMatchObject({ dayTokens: 0, monthTokens: 100 })
})
