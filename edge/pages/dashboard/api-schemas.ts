/**
 * What the dashboard reads of the API's answers; further members are let be. Asks nobody.
 */
import * as z from 'zod/mini'
import { type ShownBudget, type ShownUse, shownBudgetSchema } from '../../http/budget-schema.ts'
import { keyWithSecretSchema, type ShownKey, shownKeySchema } from '../../http/key-schema.ts'
import { type UsageAnswer, unreadSchema, usageAnswerSchema } from '../../http/usage-schema.ts'
import { keptReceiptSchema } from '../../ledger/receipt-record.ts'

const count = z.number()
const text = z.nullable(z.string())

export const usageSchema = usageAnswerSchema
export type Usage = UsageAnswer

export const receiptPageSchema = z.object({
  data: z.array(keptReceiptSchema),
  cursor: text,
  unread: unreadSchema,
})

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

export const keySchema = shownKeySchema
export type { ShownKey }
export const keyListSchema = z.object({ data: z.array(keySchema) })
export const newKeySchema = keyWithSecretSchema
export type NewKey = z.infer<typeof newKeySchema>

export type LimitUse = ShownUse
export const budgetSchema = shownBudgetSchema
export type Budget = ShownBudget
export const budgetListSchema = z.object({ data: z.array(budgetSchema) })
