/**
 * What the dashboard reads of the API's answers; further members are let be. Asks nobody.
 */
import * as z from 'zod/mini'
import { tenantLimitsSchema } from '../../budgets/limits.ts'
import { GROUPINGS } from '../../ledger/ledger.ts'
import { keptReceiptSchema } from '../../ledger/receipt-record.ts'

const count = z.number()
const counts = z.array(count)
const text = z.nullable(z.string())

const totalsSchema = z.object({
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
  fallbacks: z.record(z.string(), count),
  latency: counts,
  firstContent: counts,
})

export const usageSchema = z.object({
  data: z.array(z.object({ group: z.partialRecord(z.enum(GROUPINGS), text), totals: totalsSchema })),
  /** What the container cost in the period. */
  containerNanoUsd: count,
  baselineModel: z.string(),
})
export type Usage = z.infer<typeof usageSchema>

export const receiptPageSchema = z.object({ data: z.array(keptReceiptSchema), cursor: text })

export const statusSchema = z.object({
  version: z.string(),
  strategy: z.string(),
  claude: z.object({ available: z.boolean(), model: z.string() }),
  local: z.object({
    enabled: z.boolean(),
    available: z.boolean(),
    model: text,
    servers: z.array(z.object({ state: z.string(), expectedWaitMs: count })),
  }),
})

export const keySchema = z.object({
  id: z.string(),
  tenant: z.string(),
  prefix: z.string(),
  createdAt: z.string(),
  rotatedAt: text,
  expiresAt: text,
  expired: z.boolean(),
  earlierValidUntil: z.array(text),
  strategy: text,
  models: z.nullable(z.array(z.string())),
  forbid: z.array(z.string()),
  promptCache: text,
})
export type ShownKey = z.infer<typeof keySchema>
export const keyListSchema = z.object({ data: z.array(keySchema) })
export const newKeySchema = z.extend(keySchema, { key: z.string() })
export type NewKey = z.infer<typeof newKeySchema>

/** Amounts in the limit's unit: USD, tokens, requests. */
const limitUseSchema = z.object({
  limit: z.string(),
  hard: count,
  used: count,
  reserved: count,
  resetsAt: z.string(),
})
export type LimitUse = z.infer<typeof limitUseSchema>

export const budgetSchema = z.object({
  tenant: z.string(),
  limits: z.nullable(tenantLimitsSchema),
  source: text,
  setFor: text,
  usage: z.optional(z.nullable(z.array(limitUseSchema))),
})
export type Budget = z.infer<typeof budgetSchema>
export const budgetListSchema = z.object({ data: z.array(budgetSchema) })
