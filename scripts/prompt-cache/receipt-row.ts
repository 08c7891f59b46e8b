/**
 * A kept receipt as a request of the simulation: `GET /v1/router/requests?format=jsonl`, one a line. Reads no files.
 */
import * as z from 'zod/mini'
import { promptCacheRecordSchema, tokensRecordSchema } from '../../edge/ledger/receipt-record.ts'
import { leastCacheableTokens } from '../../edge/providers/claude/cacheable-length.ts'
import type { PromptUsage, SimulatedRequest } from './cache-model.ts'

const receiptSchema = z.object({
  tenant: z.string(),
  startedAt: z.number(),
  route: z.nullable(z.string()),
  model: z.nullable(z.string()),
  tokens: z.nullable(tokensRecordSchema),
  promptCache: z.nullish(promptCacheRecordSchema),
  latencyMs: z.number(),
  firstContentMs: z.nullable(z.number()),
})

/** `usage` is what the prompt did take. */
export type ReceiptRow =
  | { readonly kind: 'request'; readonly request: SimulatedRequest; readonly usage: PromptUsage }
  /** Of an answer that marks could not have changed, or of which too little is known, and why. */
  | { readonly kind: 'left_out'; readonly why: string }

/** Returns the row, or undefined for something that is no receipt. */
export function parseReceiptRow(value: unknown): ReceiptRow | undefined {
  const parsed = receiptSchema.safeParse(value)
  if (!parsed.success) return undefined
  const { tenant, startedAt, route, model, tokens, promptCache, latencyMs, firstContentMs } = parsed.data
  if (route !== 'claude' || model === null || tokens === null)
    return { kind: 'left_out', why: 'not answered by Claude' }
  if (promptCache?.prompt == null)
    return { kind: 'left_out', why: promptCache?.decision ?? 'from before the router marked prompts' }
  const { instructions, instructionsTokens, before, after } = promptCache.prompt
  const usage = { input: tokens.input, written: tokens.cacheWrite, read: tokens.cacheRead }
  const whole = usage.input + usage.written + usage.read
  return {
    kind: 'request',
    usage,
    request: {
      at: startedAt,
      scope: `${tenant} ${model}`,
      // The estimate may be more than the whole turned out to be.
      instructions: { id: instructions, tokens: Math.min(instructionsTokens, whole) },
      conversation: { before: before ?? undefined, after },
      tokens: whole,
      leastTokens: leastCacheableTokens(model),
      beginsMs: firstContentMs ?? latencyMs,
      endsMs: latencyMs,
    },
  }
}
