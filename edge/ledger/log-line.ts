/**
 * The log line of one request: the route and the reason, then the numbers. Never content.
 */
import type { LogFields } from '../../shared/log.ts'
import { toUsd } from '../../shared/money.ts'
import { fallbackCause, localFailure, type Receipt } from './receipt.ts'

/** Returns the line's message and fields. */
export function logLine(receipt: Receipt): { readonly message: string; readonly fields: LogFields } {
  const { outcome, usage } = receipt
  return {
    message: `[Router] ${sentence(receipt)}`,
    fields: {
      taskType: receipt.task,
      model: receipt.model,
      requestId: receipt.requestId,
      route: receipt.route,
      score: roundScore(receipt.score),
      judgeScore: receipt.judgeScore === undefined ? undefined : roundScore(receipt.judgeScore),
      handoverScore: receipt.handoverScore === undefined ? undefined : roundScore(receipt.handoverScore),
      verifyScore: receipt.verifyScore === undefined ? undefined : roundScore(receipt.verifyScore),
      cache: receipt.cache,
      promptCache: receipt.promptCache?.decision,
      fallback: fallbackCause(receipt),
      budget: receipt.budget,
      attempts: receipt.attempts,
      latencyMs: Math.round(receipt.latencyMs),
      firstContentMs: receipt.firstContentMs === undefined ? undefined : Math.round(receipt.firstContentMs),
      inputTokens: usage?.input_tokens ?? undefined,
      outputTokens: usage?.output_tokens ?? undefined,
      costUsd: toUsd(receipt.costNanoUsd),
      savedUsd: toUsd(receipt.savedNanoUsd),
      outcome: outcome === 'completed' ? undefined : outcome,
      error: receipt.errorCode,
    },
  }
}

function sentence(receipt: Receipt): string {
  const { route, reason, outcome } = receipt
  const failure = localFailure(receipt)
  if (route === 'cache') return `Using cache (${reason})`
  if (route === 'local') return `Using local model (${reason})`
  if (route === 'claude' && failure !== undefined) return `Falling back to Claude (local ${failure})`
  if (route === 'claude') return `Using Claude (${reason})`
  return outcome === 'refused' ? `Refused (${reason})` : `No answer (${reason})`
}

function roundScore(score: number): number {
  return Math.round(score * 1_000) / 1_000
}
