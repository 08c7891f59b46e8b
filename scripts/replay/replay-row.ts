/**
 * A line of a log of requests, as `npm run replay` reads it. Knows nothing of decisions.
 */
import * as z from 'zod'
import { describeIssue, type Usage, usageSchema } from '../../shared/messages.ts'

export type ReplayRow = {
  readonly id: string | number
  /** A Messages request; what the router demands of one is not checked here. */
  readonly request: Readonly<Record<string, unknown>>
  readonly usage: Usage | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly tenantId: string
  /** When it came, milliseconds since the epoch; undefined where the log does not say. */
  readonly at: number | undefined
}

const messagesBody = z.looseObject({ messages: z.unknown() })
const rowSchema = z.strictObject(
  {
    id: z.union([z.string(), z.number()], { error: 'must be a text or a number' }),
    request: z.looseObject({}, { error: 'must be a Messages request' }),
    usage: z.union([usageSchema, z.null()], { error: 'must be an object of token counts' }).optional(),
    headers: z.record(z.string(), z.string(), { error: 'must be an object of texts' }).nullish(),
    tenant: z.string({ error: 'must be the name of a tenant' }).nullish(),
    at: z
      .union([z.number().transform((at) => new Date(at)), z.string().transform((at) => new Date(at))])
      .nullish(),
  },
  { error: 'is neither a Messages request nor {"id", "request"}' },
)

/**
 * Returns the row of a line, or what is wrong with it.
 * @param number the line's, which names a row that is a request and nothing else
 */
export function parseReplayRow(value: unknown, number: number): ReplayRow | string {
  const isBody = messagesBody.safeParse(value).success && !rowSchema.safeParse(value).success
  const row = rowSchema.safeParse(isBody ? { id: number, request: value } : value)
  if (!row.success) return describeIssue(row.error.issues[0])
  const { id, request, usage, headers, tenant, at } = row.data
  if (at !== undefined && at !== null && Number.isNaN(at.getTime()))
    return 'at: must be a time such as "2026-11-26T22:30:00Z", or milliseconds since 1970'
  return {
    id,
    request,
    usage: usage ?? undefined,
    headers: headers ?? {},
    tenantId: tenant ?? 'anonymous',
    at: at?.getTime(),
  }
}
