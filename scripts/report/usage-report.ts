/**
 * What `GET /v1/router/usage` says, as a person reads it: the sentence, then a table. Asks nobody and adds nothing up that
 * the edge has not.
 */
import * as z from 'zod/mini'
import { shownTotalsSchema, unreadSchema, usageAnswerSchema } from '../../edge/http/usage-schema.ts'
import {
  formatNanoUsd,
  formatShare,
  type SavingsSentence,
  savingsSentence,
} from '../../shared/savings-sentence.ts'

const shown = shownTotalsSchema.shape
const totalsSchema = z.looseObject({
  requests: shown.requests,
  inputTokens: shown.inputTokens,
  outputTokens: shown.outputTokens,
  cacheWriteTokens: shown.cacheWriteTokens,
  cacheReadTokens: shown.cacheReadTokens,
  costNanoUsd: shown.costNanoUsd,
  savedNanoUsd: shown.savedNanoUsd,
  unpriced: shown.unpriced,
  fallbacks: shown.fallbacks,
  latencyMs: z.looseObject({ p50: shown.latencyMs.shape.p50, p95: shown.latencyMs.shape.p95 }),
})
/** What is read of an answer of the endpoint; the rest of it is kept. */
export const usageSchema = z.looseObject({
  baselineModel: usageAnswerSchema.shape.baselineModel,
  containerNanoUsd: usageAnswerSchema.shape.containerNanoUsd,
  unread: z.optional(unreadSchema),
  totals: totalsSchema,
  data: z.array(z.looseObject({ group: z.record(z.string(), z.nullable(z.string())), totals: totalsSchema })),
})
export type Usage = z.infer<typeof usageSchema>
type Totals = z.infer<typeof totalsSchema>

const COLUMNS: readonly (readonly [string, (totals: Totals, all: Totals) => string])[] = [
  ['requests', ({ requests }) => whole(requests)],
  ['share', ({ requests }, all) => formatShare(requests, all.requests)],
  ['input', (totals) => whole(totals.inputTokens + totals.cacheWriteTokens + totals.cacheReadTokens)],
  ['output', ({ outputTokens }) => whole(outputTokens)],
  ['cost', ({ costNanoUsd }) => formatNanoUsd(costNanoUsd)],
  ['saved', ({ savedNanoUsd }) => formatNanoUsd(savedNanoUsd)],
  ['fallbacks', ({ fallbacks }) => whole(Object.values(fallbacks).reduce((sum, count) => sum + count, 0))],
  ['p50', ({ latencyMs }) => seconds(latencyMs.p50)],
  ['p95', ({ latencyMs }) => seconds(latencyMs.p95)],
]

/** Returns the sentence. @param byRoute usage by route, @param days how many days it is of */
export function usageSentence(byRoute: Usage, days: number): SavingsSentence {
  const { totals, data, containerNanoUsd, baselineModel } = byRoute
  const local = data.find(({ group }) => group.route === 'local')?.totals.requests ?? 0
  return savingsSentence({
    period: days === 1 ? 'Last 24 hours' : `Last ${days} days`,
    requests: totals.requests,
    localRequests: local,
    costNanoUsd: totals.costNanoUsd,
    savedNanoUsd: totals.savedNanoUsd,
    unpricedRequests: totals.unpriced,
    containerNanoUsd,
    baselineModel,
  })
}

/** Returns a table of the groups, most requests first, and of all together. The savings in it are before the container. */
export function usageTable({ data, totals }: Usage, groupBy: string): string {
  const groups = data.toSorted((one, other) => other.totals.requests - one.totals.requests)
  const rows = [
    [groupBy, ...COLUMNS.map(([title]) => title)],
    ...groups.map(({ group, totals: sums }) => [plain(group[groupBy] ?? '–'), ...cells(sums, totals)]),
    ['all', ...cells(totals, totals)],
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cells(totals: Totals, all: Totals): string[] {
  return COLUMNS.map(([, read]) => read(totals, all))
}

/** Users and models name themselves: a terminal must not obey them. */
function plain(text: string): string {
  return text.replaceAll(/[^\P{C}]/gu, '?').slice(0, 40)
}

function whole(count: number): string {
  return new Intl.NumberFormat('en-US').format(count)
}

function seconds(ms: number | null): string {
  if (ms === null) return '–'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
