/**
 * A kept receipt as a request of the simulation: `GET /v1/router/requests?format=jsonl`, one a line. Reads no files.
 */
import * as z from 'zod/mini'
import { promptCacheRecordSchema, tokensRecordSchema } from '../../edge/ledger/receipt-record.ts'
import { leastCacheableTokens } from '../../edge/providers/claude/cacheable-length.ts'
import type { PromptUsage, SimulatedRequest } from './cache-model.ts'

const receiptSchema = z.object({
  surface: z.optional(z.string()),
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

/** Why a prompt that was not looked at cannot be simulated, by what its receipt says of it. */
const REASONS: Readonly<Record<string, string>> = {
  own: 'the client marked parts itself',
  off: 'PROMPT_CACHE was off',
  refused: 'the server takes no marks',
  too_short: 'too short for the model to cache',
}

/** Returns the row, or undefined for something that is no receipt. */
export function parseReceiptRow(value: unknown): ReceiptRow | undefined {
  const parsed = receiptSchema.safeParse(value)
  if (!parsed.success) return undefined
  const { surface, tenant, startedAt, route, model, tokens, promptCache, latencyMs, firstContentMs } =
    parsed.data
  if (route !== 'claude' || model === null || tokens === null)
    return { kind: 'left_out', why: 'not answered by Claude' }
  if (surface === 'batches') return { kind: 'left_out', why: 'rows of batches, which are not marked' }
  if (promptCache == null) return { kind: 'left_out', why: 'from before the router marked prompts' }
  if (promptCache.prompt === null)
    return { kind: 'left_out', why: REASONS[promptCache.decision] ?? promptCache.decision }
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
