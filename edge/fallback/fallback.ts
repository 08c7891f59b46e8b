/**
 * Tries targets in order and commits to the first whose provider has content to send. Whatever fails before that is
 * invisible to the client; what happens after is the stream's own affair.
 */
import { RouterError } from '../../shared/errors.ts'
import type { Answer, Provider } from '../providers/provider.ts'
import type { RouterRequest } from '../request.ts'
import type { ProviderName, Target } from '../target.ts'
import { causeOf, type FailedAttempt, type Failure } from './failure.ts'

export type FallbackResult = {
  readonly failures: readonly Failure[]
  /** Every upstream request that gave no answer, also of a target that answered when it was asked again. */
  readonly failedAttempts: readonly FailedAttempt[]
  /** Upstream requests that were made. */
  readonly attempts: number
  /** What a server's own judge said, or undefined where none was asked. */
  readonly judgeScore: number | undefined
  /** How probable a server's model found it that it would only guess, 0 to 1; undefined where it did not say. */
  readonly handoverScore: number | undefined
  /** How surely wrong a server found its model's answer, 0 to 1; undefined where it verified none. */
  readonly verifyScore: number | undefined
} & ({ readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly error: RouterError })

export type Providers = Readonly<Record<ProviderName, Provider | undefined>>

export type FallbackOptions = {
  /** Whether a target could answer at all, so that the one before it may give up early; all can unless this is given. */
  readonly isUsable?: (target: Target) => boolean
  /** Targets of which the caller knows already that they fail, and how. */
  readonly known?: Partial<Record<ProviderName, RouterError>>
  /** Chooses the model of a target when its turn comes, in the light of how those before it failed. */
  readonly resolve?: (planned: Target, failures: readonly Failure[]) => Target
}

/** Returns the first answer, or the error that the client gets when no target gives one. */
export async function openFirst(
  request: RouterRequest,
  targets: readonly Target[],
  providers: Providers,
  { isUsable = () => true, known = {}, resolve = (planned) => planned }: FallbackOptions = {},
): Promise<FallbackResult> {
  const failures: Failure[] = []
  const failedAttempts: FailedAttempt[] = []
  const errors: RouterError[] = []
  let attempts = 0
  let judgeScore: number | undefined
  let handoverScore: number | undefined
  let verifyScore: number | undefined
  const onAttempt = () => {
    attempts++
  }
  const onJudged = (score: number) => {
    judgeScore = score
  }
  const onWeighed = (score: number) => {
    handoverScore = score
  }
  const onVerified = (score: number) => {
    verifyScore = score
  }
  for (const [index, planned] of targets.entries()) {
    const target = resolve(planned, failures)
    const { provider: name, model } = target
    const failedBefore = failedAttempts.length
    try {
      const failed = known[name]
      if (failed !== undefined) throw failed
      const provider = providers[name]
      if (provider === undefined) throw new RouterError('configuration', 'The local model is switched off.')
      const context = {
        isFallback: failures.length > 0,
        isLast: !targets.slice(index + 1).some(isUsable),
        onAttempt,
        onJudged,
        onWeighed,
        onVerified,
        onFailedAttempt: (failed: Omit<FailedAttempt, 'provider'>) =>
          void failedAttempts.push({ provider: name, ...failed }),
      }
      const answer = await provider.open(request, target, context)
      return { ok: true, answer, failures, failedAttempts, attempts, judgeScore, handoverScore, verifyScore }
    } catch (error) {
      const reason = RouterError.from(error)
      errors.push(reason)
      const failure = { provider: name, cause: causeOf(reason) }
      failures.push(failure)
      // Whoever tells of no attempt of its own has used nothing that is paid for by the token.
      if (failedAttempts.length === failedBefore) failedAttempts.push({ ...failure, model, usage: {} })
      if (!reason.tryNextTarget) break
    }
  }
  const error = summarise(errors)
  return { ok: false, error, failures, failedAttempts, attempts, judgeScore, handoverScore, verifyScore }
}

/** The last error says what the client can do, unless the only one left to ask is not configured. */
function summarise(errors: readonly RouterError[]): RouterError {
  const last = errors.at(-1) ?? new RouterError('internal', 'There is no target for this request.')
  const first = errors[0]
  if (last.code !== 'configuration' || first === undefined || first === last) return last
  // Where a model declined nothing has failed: what is missing is the one that it left the request to.
  if (first.code === 'declined' || first.code === 'low_confidence') return last
  return new RouterError(
    first.code,
    `${first.message} Claude cannot take over: ANTHROPIC_API_KEY is not set.`,
    {
      cause: last,
      retryAfterMs: first.retryAfterMs,
    },
  )
}
