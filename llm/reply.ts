/**
 * What a program gets: an answer with who gave it, why and at what cost, or an error. Both are made out of the
 * gateway's result here, for non-streaming answers and for streams.
 */
import * as z from 'zod'
import { localFailure, type Receipt } from '../edge/ledger/receipt.ts'
import type { Weighed } from '../edge/routing/classifier/reason-kinds.ts'
import { errorTypeMeaning, RouterError, readRetryAfterMs } from '../shared/errors.ts'
import type { Message, Usage } from '../shared/messages.ts'
import { toUsd } from '../shared/money.ts'

/** Tokens. */
export type ReplyUsage = {
  /** Without what Claude's prompt cache read or wrote. */
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadInputTokens: number
  readonly cacheCreationInputTokens: number
}

export type Reply = {
  /** The answer's text. */
  readonly content: string
  /** The model that answered. */
  readonly model: string
  /** From the call to the last token, ms. */
  readonly processingTime: number
  readonly usage: ReplyUsage
  /** Such as `simple_chat` or `code_generation`. */
  readonly taskType: string
  readonly route: 'local' | 'claude' | 'cache'
  /** A short fixed phrase, such as `hybrid: simple task`. */
  readonly reason: string
  /** How surely the request is complex, 0 to 1. */
  readonly score: number
  /** The score from which on it would have counted as complex. */
  readonly threshold: number
  /** Returns what spoke most for or against, strongest first, without a word of the request; `explain` names the words. */
  readonly reasons: () => readonly Weighed[]
  /** The same by a second look, 0 to 1; undefined where none was taken or nothing came of it. */
  readonly judgeScore: number | undefined
  /** How probable the local model found it that it would only guess, 0 to 1; undefined where it did not say. */
  readonly handoverScore: number | undefined
  /** How surely wrong the local model's answer was found, 0 to 1; undefined where it was not verified. */
  readonly verifyScore: number | undefined
  readonly cache: 'hit' | 'miss' | 'bypass'
  /** Why Claude answered in the local model's place (`timeout`, `unavailable` …), else undefined. */
  readonly fallback: string | undefined
  /** USD; undefined where the model's price is not known. */
  readonly costUsd: number | undefined
  /** USD that the baseline model would have cost more (docs/ledger.md); undefined where a price is not known. */
  readonly savedUsd: number | undefined
  readonly stopReason: string | null
  readonly requestId: string
  /** The complete answer as the Messages API gives it. */
  readonly message: Message
}

export type StreamChunk =
  | { readonly type: 'text'; readonly text: string }
  | ({ readonly type: 'end' } & Reply)

/** Returns the reply of an answer that is complete. */
export function createReply(message: Message, receipt: Receipt): Reply {
  return {
    content: message.content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join(''),
    model: receipt.model ?? message.model,
    processingTime: Math.round(receipt.latencyMs),
    usage: toUsage(message.usage),
    taskType: receipt.task,
    route: receipt.route ?? 'claude',
    reason: receipt.reason,
    score: receipt.score,
    threshold: receipt.threshold,
    reasons: receipt.reasons,
    judgeScore: receipt.judgeScore,
    handoverScore: receipt.handoverScore,
    verifyScore: receipt.verifyScore,
    cache: receipt.cache,
    fallback: localFailure(receipt),
    costUsd: toUsd(receipt.costNanoUsd),
    savedUsd: toUsd(receipt.savedNanoUsd),
    stopReason: message.stop_reason,
    requestId: receipt.requestId,
    message,
  }
}

const errorSchema = z.looseObject({ error: z.looseObject({ type: z.string(), message: z.string() }) })

/**
 * Returns an upstream error as one of ours: its words, its status.
 * @param now milliseconds since the epoch
 */
export function upstreamErrorOf(
  bytes: Uint8Array,
  status: number,
  headers: Readonly<Record<string, string>>,
  now: number,
): RouterError {
  const parsed = errorSchema.safeParse(parseJson(bytes))
  if (!parsed.success) return new RouterError('upstream', 'Claude refused the request without saying why.')
  const { type, message } = parsed.data.error
  const retryAfterMs = readRetryAfterMs(new Headers(headers), now)
  return new RouterError(errorTypeMeaning(type).code, message, { status, retryAfterMs })
}

/** Returns an error that Claude reports inside a stream. */
export function streamError(type: string): RouterError {
  return new RouterError(errorTypeMeaning(type).code, 'Claude broke off its answer with an error.')
}

function toUsage(usage: Usage): ReplyUsage {
  return {
    inputTokens: usage.input_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
    cacheReadInputTokens: usage.cache_read_input_tokens ?? 0,
    cacheCreationInputTokens: usage.cache_creation_input_tokens ?? 0,
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
