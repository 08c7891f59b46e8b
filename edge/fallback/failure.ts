/**
 * How a target or one upstream request failed, as headers, log lines and receipts name it.
 */
import { type ErrorCode, RouterError } from '../../shared/errors.ts'
import type { Usage } from '../../shared/messages.ts'
import type { ProviderName } from '../target.ts'

/** Why a target did not answer. */
export type FailureCause =
  | 'timeout'
  | 'unavailable'
  | 'overloaded'
  | 'unsupported'
  | 'judged_complex'
  | 'low_confidence'
  /** Another that was asked beside it had content first. */
  | 'hedged'
  | 'error'

/** A target that did not answer. */
export type Failure = { readonly provider: ProviderName; readonly cause: FailureCause }

/** One upstream request that gave no answer: a target has several where it was asked again. */
export type FailedAttempt = Failure & {
  readonly model: string
  /** The tokens that it told of; undefined where it may have used some without telling. */
  readonly usage: Usage | undefined
}

const CAUSES: Partial<Record<ErrorCode, FailureCause>> = {
  timeout: 'timeout',
  unavailable: 'unavailable',
  overloaded: 'overloaded',
  unsupported: 'unsupported',
  declined: 'judged_complex',
  low_confidence: 'low_confidence',
}

/** Returns the cause that an error stands for. */
export function causeOf(error: unknown): FailureCause {
  return CAUSES[RouterError.from(error).code] ?? 'error'
}

/** Returns the cause that the status of an upstream's own error stands for. */
export function causeOfStatus(status: number): FailureCause {
  if (status === 529 || status === 503 || status === 429) return 'overloaded'
  return status === 504 || status === 408 ? 'timeout' : 'error'
}
