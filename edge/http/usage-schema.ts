/**
 * The form of `GET /v1/router/usage`'s answer: for the endpoint, its documentation, the dashboard and terminals. Adds nothing up.
 */
import * as z from 'zod/mini'
import { GROUPINGS } from '../ledger/ledger.ts'

const count = z.number()
const usd = z.number()

/** Milliseconds, about: as if the requests of one class of the histogram were spread evenly over it. */
const percentilesSchema = z.object({
  p50: z.nullable(count),
  p95: z.nullable(count),
  p99: z.nullable(count),
})
export type Percentiles = z.infer<typeof percentilesSchema>

/** Money in USD, and in whole nano-USD, of which sums are exact. */
export const shownTotalsSchema = z.object({
  requests: count,
  completed: count,
  refused: count,
  failed: count,
  broken: count,
  cancelled: count,
  inputTokens: count,
  outputTokens: count,
  cacheWriteTokens: count,
  cacheReadTokens: count,
  reasoningTokens: count,
  costNanoUsd: count,
  baselineNanoUsd: count,
  savedNanoUsd: count,
  unpriced: count,
  cacheHits: count,
  identified: count,
  budgetCheaper: count,
  budgetLocal: count,
  budgetRefused: count,
  fallbacks: z.record(z.string(), count),
  latency: z.array(count),
  firstContent: z.array(count),
  costUsd: usd,
  baselineUsd: usd,
  savedUsd: usd,
  /** Of requests whose price is not known, 0 to 1. */
  unpricedShare: z.number(),
  latencyMs: percentilesSchema,
  firstContentMs: percentilesSchema,
})
export type ShownTotals = z.infer<typeof shownTotalsSchema>

/** What an answer lacks because it cannot be read at the moment; the month is null for what is kept in sums only. */
export const unreadSchema = z.array(z.object({ tenant: z.string(), month: z.nullable(z.string()) }))

export const usageAnswerSchema = z.object({
  from: z.string(),
  to: z.string(),
  timezone: z.string(),
  groupBy: z.array(z.enum(GROUPINGS)),
  baselineModel: z.string(),
  data: z.array(
    z.object({
      group: z.partialRecord(z.enum(GROUPINGS), z.nullable(z.string())),
      totals: shownTotalsSchema,
    }),
  ),
  totals: shownTotalsSchema,
  /** What the container cost in the period, since the deployment's first receipt. */
  containerUsd: usd,
  containerNanoUsd: count,
  netSavedUsd: usd,
  netSavedNanoUsd: count,
  unread: unreadSchema,
})
export type UsageAnswer = z.infer<typeof usageAnswerSchema>
