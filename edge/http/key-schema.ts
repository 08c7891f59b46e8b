/**
 * Keys as the API shows them: for the endpoints, their documentation and the dashboard. Never a key itself but where it was just
 * made.
 */
import * as z from 'zod/mini'

const textOrNull = z.nullable(z.string())

/** Times in ISO 8601. */
export const shownKeySchema = z.object({
  id: z.string(),
  tenant: z.string(),
  prefix: z.string(),
  createdAt: z.string(),
  rotatedAt: textOrNull,
  expiresAt: textOrNull,
  expired: z.boolean(),
  /** Until when earlier forms of the key still open. */
  earlierValidUntil: z.array(z.string()),
  strategy: textOrNull,
  models: z.nullable(z.array(z.string())),
  forbid: z.array(z.string()),
  promptCache: textOrNull,
})
export type ShownKey = z.infer<typeof shownKeySchema>

export const keyWithSecretSchema = z.extend(shownKeySchema, { key: z.string() })
