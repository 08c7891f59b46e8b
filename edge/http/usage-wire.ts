/**
 * Sums over receipts as the API shows them: in JSON with money in USD and percentiles beside the exact sums, or as CSV.
 * Knows no endpoint and adds nothing up.
 */

import { toUsd } from '../../shared/money.ts'
import { latencyPercentile } from '../ledger/latency.ts'
import type { Grouping, UsageRow, UsageTotals } from '../ledger/ledger.ts'
import type { Percentiles, ShownTotals } from './usage-schema.ts'

/** Returns totals with their amounts in USD and their percentiles. */
export function showTotals(totals: UsageTotals): ShownTotals {
  return {
    ...totals,
    latency: [...totals.latency],
    firstContent: [...totals.firstContent],
    costUsd: toUsd(totals.costNanoUsd),
    baselineUsd: toUsd(totals.baselineNanoUsd),
    savedUsd: toUsd(totals.savedNanoUsd),
    unpricedShare: totals.requests === 0 ? 0 : totals.unpriced / totals.requests,
    latencyMs: percentiles(totals.latency),
    firstContentMs: percentiles(totals.firstContent),
  }
}

const COUNTED = [
  'requests',
  'completed',
  'refused',
  'failed',
  'broken',
  'cancelled',
  'inputTokens',
  'outputTokens',
  'cacheWriteTokens',
  'cacheReadTokens',
  'reasoningTokens',
  'costUsd',
  'baselineUsd',
  'savedUsd',
  'unpriced',
  'cacheHits',
  'identified',
  'budgetCheaper',
  'budgetLocal',
  'budgetRefused',
] as const satisfies readonly (keyof ShownTotals)[]

/** Returns a table, one line a group; fallbacks are a sum here, and percentiles stand for histograms. */
export function usageCsv(groupBy: readonly Grouping[], rows: readonly UsageRow[]): string {
  const percentileNames = ['latency', 'firstContent'].flatMap((what) =>
    ['P50', 'P95', 'P99'].map((share) => `${what}Ms${share}`),
  )
  const header = [...groupBy, ...COUNTED, 'fallbacks', ...percentileNames]
  const lines = rows.map(({ group, totals }) => {
    const shown = showTotals(totals)
    const { latencyMs: latency, firstContentMs: first } = shown
    const fallbacks = Object.values(totals.fallbacks).reduce((sum, count) => sum + count, 0)
    return [
      ...groupBy.map((name) => textCell(group[name] ?? '')),
      ...COUNTED.map((name) => numberCell(shown[name])),
      numberCell(fallbacks),
      ...[latency.p50, latency.p95, latency.p99, first.p50, first.p95, first.p99].map(numberCell),
    ]
  })
  return [header, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('')
}

function percentiles(histogram: readonly number[]): Percentiles {
  const at = (share: number) => {
    const found = latencyPercentile(histogram, share)
    return found === null ? null : Math.round(found)
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

/** Without an exponent, which not every spreadsheet reads. */
function numberCell(value: number | null): string {
  if (value === null) return ''
  return Number.isInteger(value) ? String(value) : value.toFixed(9).replace(/\.?0+$/, '')
}

/** Spreadsheets pass over what cannot be seen, and some take the wide forms of East Asian keyboards. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r]/u

/** Names come from outside: one that begins like a formula must not be one where the table is opened. */
function textCell(value: string): string {
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
