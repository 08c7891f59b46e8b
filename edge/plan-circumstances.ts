/**
 * What a decision depends on beside features and verdict: the request's wishes, the local model as it is known, Claude as
 * this caller can reach it. Puts it together; finds nothing out and decides nothing.
 */
import type { SimpleTask } from '../shared/tasks.ts'
import type { LocalPool } from './providers/local/pool.ts'
import type { RouterRequest } from './request.ts'
import type { Circumstances } from './routing/circumstances.ts'
import { effectiveCard } from './routing/trust.ts'
import { LOCAL_MODEL } from './routing/virtual-models.ts'

export type CircumstancesDependencies = {
  /** Undefined where the local model is switched off. */
  readonly local: LocalPool | undefined
  readonly isRouted: (model: string) => boolean
  readonly localTasks: 'auto' | readonly SimpleTask[]
  readonly localMaxInputTokens: number | undefined
  readonly claude: {
    readonly configured: boolean
    /** Whether each caller brings its own key: one that has none cannot ask Claude. */
    readonly keyOfCaller: boolean
    readonly model: string
    readonly simpleModel: string
  }
  /** The score of edge and judge together from which on a request counts as complex; undefined: no judge is asked. */
  readonly judgedFrom?: number | undefined
  readonly simpleToolTurns: 'strong' | 'cheap'
  /** Whether side requests of an agent's session may leave Claude. */
  readonly sideRequestsLocal: boolean
}

/** Where neither the server nor the operator says what its model reads: half of what the smallest contexts in use hold. */
const DEFAULT_MAX_INPUT_TOKENS = 2_000

/**
 * Returns what a decision depends on beside features and verdict.
 * @param known what the planner has found out; `asked` is that of `describeLocal`
 */
export function circumstancesOf(
  dependencies: CircumstancesDependencies,
  request: Pick<
    RouterRequest,
    'view' | 'tenant' | 'controls' | 'agentSession' | 'logprobs' | 'clientCredential'
  >,
  known: Pick<Circumstances, 'strategy' | 'thresholds'> &
    Partial<Pick<Circumstances, 'rule' | 'secondLook' | 'session'>> & { readonly asked: boolean },
): Circumstances {
  const { local, claude, judgedFrom, simpleToolTurns, sideRequestsLocal } = dependencies
  const { view, tenant, controls, agentSession, logprobs } = request
  return {
    strategy: known.strategy,
    requestedModel: view.model,
    routed: dependencies.isRouted(view.model),
    force: controls.force,
    mayForce: !tenant.forbid.includes('force'),
    privacyLocal: controls.privacyLocal,
    sideRequestsLocal,
    staysWithSession: agentSession && !sideRequestsLocal,
    localOnlyFeature: logprobs ? 'logprobs' : undefined,
    local: local && describeLocal(local, dependencies, known.asked),
    claude: { ...claude, configured: canAskClaude(dependencies, request) },
    thresholds: known.thresholds,
    rule: known.rule,
    secondLook: known.secondLook,
    judgedFrom,
    simpleToolTurns,
    session: known.session,
  }
}

/** Whether Claude can be asked on this caller's behalf. */
export function canAskClaude(
  { claude }: Pick<CircumstancesDependencies, 'claude'>,
  { clientCredential }: Pick<RouterRequest, 'clientCredential'>,
): boolean {
  return claude.configured && (!claude.keyOfCaller || clientCredential !== undefined)
}

/**
 * Returns what is known of the local model.
 * @param asked whether it was asked already: what has not been asked may read any length and form
 */
export function describeLocal(
  local: LocalPool,
  { localTasks, localMaxInputTokens }: Pick<CircumstancesDependencies, 'localTasks' | 'localMaxInputTokens'>,
  asked: boolean,
): NonNullable<Circumstances['local']> {
  const model = local.model()
  const unstated = asked || model !== undefined ? DEFAULT_MAX_INPUT_TOKENS : Number.POSITIVE_INFINITY
  return {
    model: local.modelName() ?? LOCAL_MODEL,
    card: effectiveCard(model?.card, localTasks),
    maxInputTokens: localMaxInputTokens ?? model?.maxInputTokens ?? unstated,
    structuredOutputs: model?.structuredOutputs ?? !asked,
    judges: model === undefined ? !asked : (model.judges ?? false),
  }
}
