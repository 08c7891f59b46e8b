/** Figures as the dashboard writes them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createTimeFormat,
  formatCompact,
  formatCount,
  formatCountStep,
  formatDuration,
  formatExactUsd,
  formatLatency,
  formatUsd,
  formatUsdStep,
} from '../../../edge/pages/format-figures.ts'

test('writes counts', () => {
  expect(formatCount(41_200)).toBe('41,200')
  expect(formatCompact(41_234)).toBe('41.2K')
  expect(formatCompact(7)).toBe('7')
})

test('writes durations in the largest useful unit', () => {
  expect([0.4, 840, 999.6, 1_340, 9_960, 59_400, 59_600, 125_000].map(formatDuration)).toEqual([
    '0 ms',
    '840 ms',
    '1.0 s',
    '1.3 s',
    '10 s',
    '59 s',
    '1 min',
    '2 min 5 s',
  ])
})

test('the row of a batch took no time that anybody knows', () => {
  expect(formatLatency({ surface: 'batches', latencyMs: 0 })).toBe('–')
  expect(formatLatency({ surface: 'responses', latencyMs: 840 })).toBe('840 ms')
})

test('says something of sums that are less than a cent', () => {
  expect([0, 7_700, 2_624_000, 4_999_999, 5_000_000, -1_234, 12_345_000_000].map(formatUsd)).toEqual([
    '$0.00',
    '$0.0000077',
    '$0.0026',
    '$0.005',
    '$0.01',
    '−$0.0000012',
    '$12.35',
  ])
})

test('tells the lines across a chart apart', () => {
  const lines = (step: number) => [0, step, 2 * step].map((amount) => formatUsdStep(amount, step))
  expect(lines(500_000)).toEqual(['$0.0000', '$0.0005', '$0.0010'])
  expect(lines(2_500_000)).toEqual(['$0.0000', '$0.0025', '$0.0050'])
  expect(lines(20_000_000)).toEqual(['$0.00', '$0.02', '$0.04'])
  expect(lines(5e14)).toEqual(['$0.00', '$500,000.00', '$1,000,000.00'])
  expect(lines(2e-10)).toEqual(['$0.00', '', ''])
  expect(formatUsdStep(-20_000_000, 20_000_000)).toBe('−$0.02')
  expect([0, 0.5, 1, 1500].map(formatCountStep)).toEqual(['0', '', '1', '1,500'])
})

test('loses nothing of the amount of one request', () => {
  expect(formatExactUsd(7_700)).toBe('$0.0000077')
  expect(formatExactUsd(-12_400_000_000)).toBe('−$12.40')
  fc.assert(
    fc.property(fc.integer({ min: -1e15, max: 1e15 }), (amount) => {
      const [, sign, dollars, fraction] = /^(−?)\$([\d,]+)\.(\d{2,9})$/.exec(formatExactUsd(amount)) ?? []
      const size =
        BigInt(dollars?.replaceAll(',', '') ?? 0) * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0'))
      expect(size).toBe(BigInt(Math.abs(amount)))
      expect(sign === '−').toBe(amount < 0)
    }),
  )
})

test('writes times in the zone', () => {
  expect(createTimeFormat('Asia/Kathmandu')(Date.parse('2026-11-27T18:30:09Z'))).toBe('2026-11-28 00:15:09')
})
