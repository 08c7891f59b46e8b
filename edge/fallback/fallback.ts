/**
 * Tries targets in order and commits to the first whose provider has content to send. Whatever fails before that is
 * invisible to the client; what happens after is the stream's own affair.
 */
import { RouterError } from '../../shared/errors.ts'
import type { Answer, Provider } from '../providers/provider.ts'
import type { RouterRequest } from '../request.ts'
import type { ProviderName, Target } from '../target.ts'
import { type AskedAs, type AttemptFacts, createAttemptRecord } from './attempts.ts'
import type { Failure } from './failure.ts'
import { type Entrant, raceHedged } from './hedge.ts'

export type FallbackResult = AttemptFacts & {
  /** What a limit of fallbacks did to the request; absent where none did anything. */
  readonly limited?: 'cheaper' | 'refused'
} & ({ readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly error: RouterError })

export type Providers = Readonly<Record<ProviderName, Provider | undefined>>

export type FallbackOptions = {
  /** Whether a target could answer at all, so that the one before it may give up early; all can unless this is given. */
  readonly isUsable?: (target: Target) => boolean
  /** Targets of which the caller knows already that they fail, and how. */
  readonly known?: Partial<Record<ProviderName, RouterError>>
  /** Chooses the model of a target when its turn comes, in the light of how those before it failed. */
  readonly resolve?: (planned: Target, failures: readonly Failure[]) => Target
  /** Says who may be asked in the place of a target that failed, or what the client is told; whoever comes next unless given. */
  readonly admit?: (next: Target, failure: Failure, error: RouterError) => Target | RouterError
  /** Asks the second target beside the first where that one is slow; absent: one after the other. */
  readonly hedge?: HedgePlan | undefined
}

export type HedgePlan = {
  /** How long the first target is waited for alone, ms. */
  readonly delayMs: number
  /** What the second is asked for before the first has said anything. */
  readonly target: Target
  /** Asked once, when the delay is over. */
  readonly mayStart: () => boolean
}

/** Returns the first answer, or the error that the client gets when no target gives one. */
export async function openFirst(
  request: RouterRequest,
  targets: readonly Target[],
  providers: Providers,
  options: FallbackOptions = {},
): Promise<FallbackResult> {
  const { isUsable = () => true, known = {}, resolve = same, admit = same, hedge } = options
  const record = createAttemptRecord()
  const errors: RouterError[] = []
  let limited: { readonly limited?: 'cheaper' } = {}
  const failed = (error: RouterError): FallbackResult => ({ ok: false, error, ...limited, ...record.facts() })
  const answered = (answer: Answer): FallbackResult => ({ ok: true, answer, ...limited, ...record.facts() })
  const enter = (target: Target, circumstances: AskedAs): Entrant => {
    const begun = record.begin(target, circumstances)
    const open = async (asked: RouterRequest) => {
      const down = known[target.provider]
      if (down !== undefined) throw down
      const provider = providers[target.provider]
      if (provider === undefined) throw new RouterError('configuration', 'The local model is switched off.')
      return await provider.open(asked, target, begun.context)
    }
    return { record: begun, open }
  }
  for (const [index, planned] of targets.entries()) {
    const resolved = resolve(planned, record.failures)
    const [failure, error] = [record.failures.at(-1), errors.at(-1)]
    const target = failure && error ? admit(resolved, failure, error) : resolved
    if (target instanceof RouterError) return { ...failed(target), limited: 'refused' }
    if (target.model !== resolved.model) limited = { limited: 'cheaper' }
    const isLast = !targets.slice(index + 1).some(isUsable)
    if (hedge !== undefined && index === 0 && !isLast && known[target.provider] === undefined) {
      const content = Promise.withResolvers<void>()
      const race = await raceHedged(request, {
        ...hedge,
        first: enter(target, { isFallback: false, isLast, onContent: content.resolve }),
        second: enter(hedge.target, { isFallback: true, isLast: true }),
        content: content.promise,
      })
      if (race.answer !== undefined) {
        if (race.wonBy === 'second' && !race.firstFailed) record.passedOver(target)
        return answered(race.answer)
      }
      errors.push(...race.errors)
      if (race.askedBoth || !race.errors.every(({ tryNextTarget }) => tryNextTarget)) break
      continue
    }
    const entrant = enter(target, { isFallback: record.failures.length > 0, isLast })
    try {
      return answered(await entrant.open(request))
    } catch (thrown) {
      const reason = RouterError.from(thrown)
      errors.push(reason)
      entrant.record.failed(reason)
      if (!reason.tryNextTarget) break
    }
  }
  return failed(summarise(errors))
}

function same(target: Target): Target {
  return target
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
