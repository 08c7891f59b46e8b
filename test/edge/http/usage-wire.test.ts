/** Sums on the wire: dollars beside exact sums, percentiles, and tables that spreadsheets read as what they are. */
import { expect, test } from 'vitest'
import { showTotals, usageCsv } from '../../../edge/http/usage-wire.ts'
import { latencyClass } from '../../../edge/ledger/latency.ts'
import type { UsageTotals } from '../../../edge/ledger/ledger.ts'

const histogram = (...latencies: number[]) => {
  const counts: number[] = []
  for (const latency of latencies) counts[latencyClass(latency)] = (counts[latencyClass(latency)] ?? 0) + 1
  return Array.from(counts, (count) => count ?? 0)
}
const totals: UsageTotals = {
  requests: 4,
  completed: 3,
  refused: 0,
  failed: 1,
  broken: 0,
  cancelled: 0,
  inputTokens: 10,
  outputTokens: 5,
  cacheWriteTokens: 0,
  cacheReadTokens: 0,
  reasoningTokens: 0,
  costNanoUsd: 123,
  baselineNanoUsd: 1_000_000_123,
  savedNanoUsd: 1_000_000_000,
  unpriced: 1,
  cacheHits: 0,
  identified: 2,
  budgetCheaper: 0,
  budgetLocal: 0,
  budgetRefused: 0,
  fallbacks: { timeout: 1, error: 2 },
  latency: histogram(8, 8, 8, 900),
  firstContent: [],
}

test('tells money in USD to the last nano-dollar', () => {
  expect(showTotals(totals)).toMatchObject({
    costUsd: 0.000000123,
    baselineUsd: 1.000000123,
    savedUsd: 1,
    costNanoUsd: 123,
    unpricedShare: 0.25,
  })
})

test('tells percentiles, and none of nothing', () => {
  const { latencyMs, firstContentMs } = showTotals(totals)
  expect(latencyMs.p50).toBeGreaterThan(5)
  expect(latencyMs.p50).toBeLessThanOrEqual(10)
  expect(latencyMs.p99).toBeGreaterThan(800)
  expect(firstContentMs).toEqual({ p50: null, p95: null, p99: null })
  expect(showTotals({ ...totals, requests: 0, unpriced: 0 }).unpricedShare).toBe(0)
})

test('writes a table with a line for each group', () => {
  const csv = usageCsv(['user', 'day'], [{ group: { user: null, day: '2026-11-27' }, totals }])
  const [header, line, rest] = csv.split('\r\n')
  expect(header).toMatch(/^user,day,requests,.*costUsd,.*fallbacks,latencyMsP50,/)
  expect(line).toMatch(/^,2026-11-27,4,3,0,1,0,0,10,5,0,0,0,0\.000000123,1\.000000123,1,1,0,2,0,0,0,3,/)
  expect(line?.split(',')).toHaveLength(header?.split(',').length ?? 0)
  expect(rest).toBe('')
})

test('quotes names that hold what separates, and disarms formulas', () => {
  const lineOf = (user: string) => usageCsv(['user'], [{ group: { user }, totals }]).split('\r\n')[1]
  expect(lineOf('a,"b"')).toMatch(/^"a,""b""",/)
  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\u0000=1', '\u200b=1', '＝1'])
    expect(lineOf(formula)).toMatch(/^'/)
})
