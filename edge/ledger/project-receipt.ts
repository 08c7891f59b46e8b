/**
 * The receipt as it is kept: flat, JSON, without a word of the request. Pure; the shape stands in
 * `receipt-record.ts`.
 */
import type { Usage } from '../../shared/messages.ts'
import type { PromptCacheFacts } from '../prompt-cache/prompt-cache.ts'
import { isVirtualModel } from '../routing/virtual-models.ts'
import { localFailure, type Receipt } from './receipt.ts'
import type { ReceiptRecord, TokensRecord } from './receipt-record.ts'

/** A model names itself as it likes. */
const LONGEST_NAME = 256
const MOST_TOKENS = 1_000_000_000

/** Returns the record of a receipt without content; computes its evidence, which takes longer than all the rest. */
export function projectReceipt(receipt: Receipt): ReceiptRecord {
  const { usage, failedAttempts, attemptNanoUsd } = receipt
  return {
    id: receipt.requestId,
    tenant: receipt.tenantId,
    user: receipt.user ?? null,
    startedAt: Math.trunc(receipt.startedAt),
    surface: receipt.surface,
    requestedModel: nameOf(receipt.requestedModel),
    stream: receipt.stream,
    strategy: receipt.strategy,
    task: receipt.task,
    score: rounded(receipt.score),
    threshold: rounded(receipt.threshold),
    judgeScore: receipt.judgeScore === undefined ? null : rounded(receipt.judgeScore),
    handoverScore: receipt.handoverScore === undefined ? null : rounded(receipt.handoverScore),
    verifyScore: receipt.verifyScore === undefined ? null : rounded(receipt.verifyScore),
    evidence: scoreDecides(receipt) ? evidenceOf(receipt) : [],
    reason: receipt.reason,
    guard: receipt.guard ?? null,
    cache: receipt.cache,
    promptCache: receipt.promptCache === undefined ? null : promptCacheOf(receipt.promptCache),
    attempts: failedAttempts.map(({ provider, cause }, index) => ({
      provider,
      cause,
      costNanoUsd: attemptNanoUsd[index] ?? null,
    })),
    route: receipt.route ?? null,
    model: receipt.model === undefined ? null : nameOf(receipt.model),
    baselineModel: nameOf(receipt.baselineModel),
    fallback: localFailure(receipt) ?? null,
    budget: receipt.budget ?? null,
    outcome: receipt.outcome,
    errorCode: receipt.errorCode?.slice(0, LONGEST_NAME) ?? null,
    tokens: usage === undefined ? null : tokensOf(usage),
    costNanoUsd: receipt.costNanoUsd ?? null,
    baselineNanoUsd: receipt.baselineNanoUsd ?? null,
    savedNanoUsd: receipt.savedNanoUsd ?? null,
    latencyMs: Math.round(receipt.latencyMs),
    firstContentMs:
      receipt.firstContentMs === undefined ? null : Math.max(0, Math.round(receipt.firstContentMs)),
  }
}

function promptCacheOf({
  decision,
  marked,
  prompt,
}: PromptCacheFacts): NonNullable<ReceiptRecord['promptCache']> {
  return {
    decision,
    marked: (['instructions', 'conversation'] as const).filter((part) => marked[part]),
    prompt:
      prompt === undefined
        ? null
        : {
            instructions: prompt.instructions.id,
            instructionsTokens: prompt.instructionsTokens,
            before: prompt.conversation.before ?? null,
            after: prompt.conversation.after,
          },
  }
}

/** Without halves of signs, which a database keeps as something else. */
function nameOf(model: string): string {
  return model.slice(0, LONGEST_NAME).toWellFormed()
}

/** Who is asked depends on the score in these cases only; in others half of a millisecond would be spent for nothing. */
function scoreDecides({ strategy, requestedModel }: Receipt): boolean {
  return strategy === 'hybrid' || isVirtualModel(requestedModel)
}

function evidenceOf(receipt: Receipt): ReceiptRecord['evidence'] {
  return receipt.reasons().map(({ kind, weight, towards }) => ({ kind, weight, towards }))
}

/** Returns the tokens by kind; reasoning is told by those servers only that count it by itself. */
export function tokensOf(usage: Usage): TokensRecord {
  return {
    input: whole(usage.input_tokens),
    output: whole(usage.output_tokens),
    cacheWrite: whole(usage.cache_creation_input_tokens),
    cacheRead: whole(usage.cache_read_input_tokens),
    reasoning: reasoningTokens(usage.output_tokens_details),
  }
}

function reasoningTokens(details: unknown): number | null {
  if (typeof details !== 'object' || details === null) return null
  const told = 'thinking_tokens' in details ? details.thinking_tokens : undefined
  return typeof told === 'number' ? whole(told) : null
}

/** Counts come from outside: a server that counts in fractions, below nothing or beyond all reason must not break a sum. */
function whole(count: number | null | undefined): number {
  return Math.min(MOST_TOKENS, Math.max(0, Math.round(count ?? 0)))
}

function rounded(score: number): number {
  return Math.round(score * 1_000_000) / 1_000_000
}
