/**
 * A receipt as it is kept and shown: flat, JSON, money in whole nano-dollars so that sums are exact. The projection of
 * `receipt.ts`; knows no store and no HTTP.
 */
import * as z from 'zod/mini'
import { PROMPT_CACHE_DECISIONS } from '../prompt-cache/prompt-cache.ts'
import { API_SURFACES } from '../request.ts'
import { BUDGET_EFFECTS, CACHE_RESULTS, OUTCOMES, ROUTES } from './receipt.ts'

/** Billionths of a US dollar. Whole numbers: nine million dollars still add up exactly. */
const nanoUsd = z.nullable(z.int())
const count = z.int()

/** What was tried before the target that answered, or instead of one. */
export const attemptRecordSchema = z.object({
  provider: z.enum(['local', 'claude']),
  cause: z.string(),
  /** What the attempt cost although it gave no answer; null where that is not known. */
  costNanoUsd: nanoUsd,
})

/** Disjoint kinds: `input` was billed at the full price; reasoning is a part of `output`, null where it is not told. */
export const tokensRecordSchema = z.object({
  input: count,
  output: count,
  cacheWrite: count,
  cacheRead: count,
  reasoning: z.nullable(count),
})

/** What was done about Claude's prompt cache. */
export const promptCacheRecordSchema = z.object({
  /** Whether the router marked anything, or why not. */
  decision: z.enum(PROMPT_CACHE_DECISIONS),
  marked: z.array(z.enum(['instructions', 'conversation'])),
  /**
   * By what one isolate knows the prompt again, for simulations; null where it was not looked at. Seeded by chance, so that it
   * tells nothing of the text.
   */
  prompt: z.nullable(
    z.object({
      instructions: z.string(),
      /** An estimate. */
      instructionsTokens: count,
      /** What the turn before left, null in a first turn; and what this one leaves. */
      before: z.nullable(z.string()),
      after: z.string(),
    }),
  ),
})

export const receiptRecordSchema = z.object({
  /** Begins with the time of the request (`request-id.ts`): a receipt is found by it without an index. */
  id: z.string(),
  tenant: z.string(),
  /** The end user as the client named it, hashed where `HASH_USERS` is on; null where it named none. */
  user: z.nullable(z.string()),
  /** Milliseconds since the epoch. */
  startedAt: z.int(),
  surface: z.enum(API_SURFACES),
  requestedModel: z.string(),
  stream: z.boolean(),
  strategy: z.string(),
  task: z.string(),
  score: z.number(),
  threshold: z.number(),
  judgeScore: z.nullable(z.number()),
  handoverScore: z.nullable(z.number()),
  verifyScore: z.nullable(z.number()),
  /** What spoke most for or against, by kind and without a word of the request; empty where nothing depended on it. */
  evidence: z.array(z.object({ kind: z.string(), weight: z.number(), towards: z.string() })),
  reason: z.string(),
  guard: z.nullable(z.string()),
  cache: z.enum(CACHE_RESULTS),
  /** Null where Claude did not answer. */
  promptCache: z.nullable(promptCacheRecordSchema),
  attempts: z.array(attemptRecordSchema),
  /** Null where nothing answered. */
  route: z.nullable(z.enum(ROUTES)),
  model: z.nullable(z.string()),
  baselineModel: z.string(),
  /** Why the local model did not answer, or null where it did or was not asked. */
  fallback: z.nullable(z.string()),
  /** What a reached limit did to it: another model, or a refusal. */
  budget: z.nullable(z.enum(BUDGET_EFFECTS)),
  outcome: z.enum(OUTCOMES),
  errorCode: z.nullable(z.string()),
  /** Null where nothing is known of them. Of an answer that broke off: what had been told until then. */
  tokens: z.nullable(tokensRecordSchema),
  /** Failed attempts included; null where a price is not known. */
  costNanoUsd: nanoUsd,
  /** What the baseline model alone would have cost. */
  baselineNanoUsd: nanoUsd,
  /** Baseline less cost; negative where the router was dearer. */
  savedNanoUsd: nanoUsd,
  latencyMs: z.number(),
  firstContentMs: z.nullable(z.number()),
  /** Only where `LOG_CONTENT` or `TRAINING_LOG` asks for it. */
  content: z.optional(z.object({ request: z.string(), answer: z.string() })),
})

export const FEEDBACK = ['good', 'bad', 'should_be_claude', 'should_be_local'] as const

/** With what somebody thinks of the answer, null where nobody has said. */
export const keptReceiptSchema = z.extend(receiptRecordSchema, { feedback: z.nullable(z.enum(FEEDBACK)) })

export type TokensRecord = z.infer<typeof tokensRecordSchema>
export type ReceiptRecord = z.infer<typeof receiptRecordSchema>
export type KeptReceipt = z.infer<typeof keptReceiptSchema>
export type Feedback = (typeof FEEDBACK)[number]
