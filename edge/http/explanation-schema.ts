/**
 * The form of an explanation for the OpenAPI document. Nothing that comes in is checked by it; tests hold explanations to
 * it.
 */
import * as z from 'zod/mini'
import { TASKS } from '../../shared/tasks.ts'
import { PROMPT_CACHE_DECISIONS } from '../prompt-cache/prompt-cache.ts'
import { STRATEGIES } from '../strategy.ts'

const score = z.number().check(z.minimum(0), z.maximum(1))
const side = z.enum(['local', 'claude'])
const price = z.strictObject({ model: z.string(), usd: z.nullable(z.number()) })

/** Numbers: tokens, USD, milliseconds, scores from 0 to 1, weights as logits. */
export const explanationSchema = z.strictObject({
  summary: z.string(),
  route: z.nullable(side),
  targets: z.array(
    z.strictObject({ provider: side, model: z.string(), judgeThreshold: z.optional(z.number()) }),
  ),
  reason: z.string(),
  rejection: z.nullable(z.string()),
  strategy: z.enum(STRATEGIES),
  task: z.enum(TASKS),
  score,
  judgeScore: z.nullable(score),
  complex: z.boolean(),
  zone: z.enum(['simple', 'unsure', 'complex']),
  thresholds: z.strictObject({
    complex: z.number(),
    strong: z.number(),
    unsure: z.strictObject({ from: z.number(), to: z.number() }),
  }),
  guard: z.nullable(z.string()),
  language: z.string(),
  session: z.nullable(z.strictObject({ model: z.string(), prefixTokens: z.number(), ageMs: z.number() })),
  budget: z.nullable(
    z.strictObject({
      effect: z.enum(['cheaper', 'local', 'refused']),
      limit: z.string(),
      message: z.string(),
    }),
  ),
  promptCache: z.nullable(z.enum(PROMPT_CACHE_DECISIONS)),
  scored: z.nullable(z.string()),
  reasons: z.array(
    z.strictObject({
      kind: z.string(),
      what: z.string(),
      weight: z.number(),
      towards: z.enum(['complex', 'simple']),
    }),
  ),
  prices: z.strictObject({
    inputTokens: z.number(),
    outputTokens: z.number(),
    local: z.nullable(price),
    cheap: price,
    strong: price,
    chosen: z.nullable(price),
    savedUsd: z.nullable(z.number()),
  }),
  whatWouldChange: z.array(
    z.strictObject({
      by: z.enum(['score', 'header', 'setting', 'request']),
      change: z.string(),
      route: side,
      model: z.string(),
      reason: z.string(),
      statement: z.string(),
    }),
  ),
})
