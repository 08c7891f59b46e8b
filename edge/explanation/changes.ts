/**
 * The table of what could be otherwise about a request: headers, settings, what it holds. Each change says what it is and
 * does it to a situation; whether it moves the request is not known here (`what-would-change.ts`).
 */
import type { MessagesRequest } from '../../shared/messages.ts'
import { SIMPLE_TASKS } from '../../shared/tasks.ts'
import { describeLocal } from '../plan-circumstances.ts'
import type { Plan, PlannedRequest } from '../planner.ts'
import type { Features } from '../routing/features.ts'
import type { ThresholdSetting } from '../routing/thresholds.ts'
import { isVirtualModel } from '../routing/virtual-models.ts'
import type { Strategy } from '../strategy.ts'
import type { ProviderName } from '../target.ts'
import type { ControlName } from '../tenant-policy.ts'
import type { ExplainedDependencies, Situation } from './situation.ts'

export type Change = {
  /** Where it would be made. */
  readonly by: 'header' | 'setting' | 'request'
  /** Such as `x-router-force: local`, `ROUTER_THRESHOLD=recall:90` or `without tools`. */
  readonly change: string
  readonly apply: (situation: Situation) => Situation
  /** The control that a key may be forbidden. */
  readonly control?: ControlName
}

/** One thing and its values in the order in which they are tried; the first that moves the request is told. */
type Row = (plan: Plan, situation: Situation) => readonly Change[]

/** Shares of complex requests, in percent, from the one that lets the most through; `recalls` of the weights knows them all. */
const RECALLS = [50, 60, 70, 80, 90, 95, 97, 98, 99, 99.5]

/** In the order in which they are told. */
export const ROWS: readonly Row[] = [
  ({ decision }) => [force(decision.targets[0]?.provider === 'local' ? 'claude' : 'local')],
  () =>
    (['hybrid', 'local_fallback', 'claude_only'] satisfies Strategy[]).map((strategy) =>
      control(`x-router-strategy: ${strategy}`, { strategy }, 'strategy'),
    ),
  () => [control('without x-router-force', { force: undefined })],
  () => [control('without x-router-privacy', { privacyLocal: false })],
  ({ verdict, thresholds }) =>
    thresholdValues(verdict.score, thresholds.complex).map(({ text, value: complex }) =>
      setting(`ROUTER_THRESHOLD=${text}`, ({ thresholdsWith }) => ({
        thresholds: thresholdsWith({ complex }),
      })),
    ),
  ({ verdict, thresholds }) =>
    thresholdValues(verdict.score, thresholds.strong).map(({ text, value: strong }) =>
      setting(`STRONG_THRESHOLD=${text}`, ({ thresholdsWith }) => ({
        thresholds: thresholdsWith({ strong }),
      })),
    ),
  localTasks,
  () => [setting('without ROUTER_RULES', () => ({ findRule: () => undefined }))],
  () => [setting('ANTHROPIC_API_KEY', ({ claude }) => ({ claude: { ...claude, configured: true } }))],
  () => [setting('SIDE_REQUESTS_LOCAL=true', () => ({ sideRequestsLocal: true }))],
  () =>
    (['cheap', 'strong'] as const).map((simpleToolTurns) =>
      setting(`SIMPLE_TOOL_TURNS=${simpleToolTurns}`, () => ({ simpleToolTurns })),
    ),
  // What is read anew costs time in long requests: only where it is there.
  (_, { request }) =>
    isVirtualModel(request.view.model) ? [] : [rewritten('model "auto"', () => ({ model: 'auto' }))],
  (_, { request }) =>
    request.logprobs ? [requested('without log-probabilities', () => ({ logprobs: false }))] : [],
  ({ features }) => [found('without tools', { ...features, usesTools: false, forcedTool: false })],
  ({ features }) => [
    found(`without content other than text (${named(features.nonTextBlock)})`, {
      ...features,
      nonTextBlock: undefined,
    }),
  ],
  ({ features }) => [
    found(`without fields that the router does not know (${named(features.unknownField)})`, {
      ...features,
      unknownField: undefined,
    }),
  ],
  ({ features }, { dependencies }) => {
    const { local } = dependencies
    const now = features.estimatedInputTokens
    const most = Math.min(now, (local && describeLocal(local, dependencies, true).maxInputTokens) ?? now)
    return [
      found(`at most ${most} estimated input tokens (now ${now})`, {
        ...features,
        estimatedInputTokens: most,
      }),
    ]
  },
  ({ features }) =>
    features.thinking ? [rewritten('without thinking', () => ({ thinking: undefined }))] : [],
  ({ features }) => (features.structuredOutput ? [WITHOUT_FORM] : []),
  ({ features }) =>
    features.maxTokens === 0 ? [rewritten('max_tokens of at least 1', () => ({ max_tokens: 1 }))] : [],
  ({ features }) => (features.prefill ? [WITHOUT_PREFILL] : []),
  ({ features }) => (features.systemText === '' ? [] : [WITHOUT_SYSTEM]),
  ({ features }) => (features.turns === 1 ? [] : [WITHOUT_EARLIER]),
  () => [WITHOUT_WARM_CACHE],
]

const WITHOUT_FORM = requested('without a demanded form of the answer', ({ view }) => ({
  structured: false,
  view: { ...view, output_config: undefined },
}))
const WITHOUT_PREFILL = rewritten('without the beginning of an answer', ({ messages }) => ({
  messages: messages.slice(
    0,
    messages.findLastIndex(({ role }) => role === 'assistant'),
  ),
}))
const WITHOUT_SYSTEM = rewritten('without a system prompt', ({ messages }) => ({
  system: undefined,
  messages: messages.filter(({ role }) => role !== 'system'),
}))
const WITHOUT_EARLIER = rewritten('without the conversation before', ({ messages }) => {
  const last = messages.findLastIndex(({ role }) => role === 'user')
  return { messages: messages.filter(({ role }, at) => at >= last || role === 'system') }
})
/** As it is when the conversation rests for long enough. */
const WITHOUT_WARM_CACHE: Change = {
  ...setting('without a warm prompt cache', () => ({
    sessions: { recall: async () => ({ session: undefined, keep: async () => {} }) },
  })),
  by: 'request',
}

/** Says what is asked for by a header of the router. */
function control(
  change: string,
  controls: Partial<PlannedRequest['controls']>,
  forbidden?: ControlName,
): Change {
  return {
    by: 'header',
    change,
    ...(forbidden === undefined ? {} : { control: forbidden }),
    apply: (situation) => ({
      ...situation,
      request: { ...situation.request, controls: { ...situation.request.controls, ...controls } },
    }),
  }
}

function force(side: ProviderName): Change {
  return control(`x-router-force: ${side}`, { force: side }, 'force')
}

function setting(
  change: string,
  changed: (dependencies: ExplainedDependencies) => Partial<ExplainedDependencies>,
): Change {
  return {
    by: 'setting',
    change,
    apply: ({ dependencies, ...rest }) => ({
      ...rest,
      dependencies: { ...dependencies, ...changed(dependencies) },
    }),
  }
}

/** Says what the request would be; its features are then read anew. */
function requested(change: string, changed: (request: PlannedRequest) => Partial<PlannedRequest>): Change {
  return {
    by: 'request',
    change,
    apply: ({ dependencies, request }) => ({ dependencies, request: { ...request, ...changed(request) } }),
  }
}

function rewritten(change: string, changed: (view: MessagesRequest) => Partial<MessagesRequest>): Change {
  return requested(change, ({ view }) => ({ view: { ...view, ...changed(view) } }))
}

/** Says what would be found in the request. */
function found(change: string, features: Features): Change {
  return { by: 'request', change, apply: (situation) => ({ ...situation, features }) }
}

/** Clients name blocks and fields, as long as they like. */
function named(name: string | undefined): string {
  return (name ?? 'none').slice(0, 60)
}

/** What lies on the other side of the score: the share that changes least, else the score itself. */
function thresholdValues(
  score: number,
  threshold: number,
): readonly { readonly text: string; readonly value: ThresholdSetting }[] {
  const isAbove = score >= threshold
  const recalls = isAbove ? RECALLS.toReversed() : RECALLS
  const beside = isAbove ? (Math.floor(score * 1_000) + 1) / 1_000 : Math.floor(score * 1_000) / 1_000
  return [
    ...recalls.map((recall) => ({ text: `recall:${recall}`, value: { recall } })),
    ...(beside <= 1 ? [{ text: String(beside), value: { score: beside } }] : []),
  ]
}

/** The tasks that the model is trusted with now and this one; then all, which trusts it with every language, too. */
function localTasks({ verdict: { simpleTask } }: Plan, { dependencies }: Situation): readonly Change[] {
  const { local } = dependencies
  if (local === undefined) return []
  const { trust } = describeLocal(local, dependencies, true).card
  const trusted = SIMPLE_TASKS.filter((task) => task === simpleTask || trust[task] !== 'none')
  return [trusted, SIMPLE_TASKS].map((tasks) =>
    setting(`LOCAL_TASKS=${tasks.join(',')}`, () => ({ localTasks: tasks })),
  )
}
