/** Other scores: a request with any score that is told of goes where it is said to go, and no score that moves it is left out. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createExplainer } from '../../../edge/explanation/explanation.ts'
import type { ExplainedDependencies } from '../../../edge/explanation/situation.ts'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import { createPlanner } from '../../../edge/planner.ts'
import type { FindRule } from '../../../edge/routing/operator-rules/find-rule.ts'
import { type Thresholds, withComplexFrom } from '../../../edge/routing/thresholds.ts'
import { STRATEGIES, type Strategy } from '../../../edge/strategy.ts'
import { uniformTrust } from '../../../shared/model-card.ts'
import { COMPLEX_TASKS } from '../../../shared/tasks.ts'
import { routerRequest } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

type Case = {
  readonly score: number
  readonly strategy: Strategy
  readonly thresholds: Thresholds
  /** Another threshold for what is complex by the usual one. */
  readonly ruled: number | undefined
  readonly trusted: boolean
  readonly judged: boolean
  readonly secondLook: boolean
}

const score = fc.integer({ min: 0, max: 999 }).map((thousandths) => thousandths / 1_000)
const thresholds = fc
  .tuple(score, score, score, score)
  .map(([complex, strong, from, to]) =>
    withComplexFrom(
      { complex, strong, unsure: { from: Math.min(from, to), to: Math.max(from, to) } },
      complex,
    ),
  )
const cases: fc.Arbitrary<Case> = fc.record({
  score,
  thresholds,
  strategy: fc.constantFrom(...STRATEGIES),
  ruled: fc.option(score, { nil: undefined }),
  trusted: fc.boolean(),
  judged: fc.boolean(),
  secondLook: fc.boolean(),
})

function dependenciesOf({ ruled, trusted, judged, secondLook, ...given }: Case): ExplainedDependencies {
  const model = {
    name: 'tiny-model',
    card: {
      trust: uniformTrust(trusted ? 'full' : 'none'),
      languages: null,
      maxTemperature: null,
      exam: null,
    },
    maxInputTokens: 1_000,
    isContainer: true,
    judges: judged,
  }
  const findRule: FindRule = ({ task }) =>
    ruled !== undefined && COMPLEX_TASKS.some((complex) => complex === task)
      ? { threshold: ruled, reason: 'rule: 1' }
      : undefined
  return {
    local: {
      model: () => model,
      modelName: () => model.name,
      refresh: async () => {},
      unavailableReason: () => undefined,
      describe: () => [],
    },
    classifier: {
      classify: () => ({
        score: given.score,
        simpleTask: 'simple_chat',
        complexTask: 'other',
        sensitive: false,
        language: 'en',
      }),
      explain: () => ({ scored: null, reasons: [] }),
      explainKinds: () => [],
    },
    thresholds: given.thresholds,
    prices: LIST_PRICES,
    thresholdsWith: () => given.thresholds,
    findRule,
    strategies: { current: async () => given.strategy, set: async () => {}, reset: async () => {} },
    isRouted: () => true,
    localTasks: 'auto',
    localMaxInputTokens: undefined,
    claude: {
      configured: true,
      keyOfCaller: false,
      model: 'claude-opus-5-5',
      simpleModel: 'claude-haiku-5-5',
    },
    judgedFrom: judged ? 0.4 : undefined,
    secondLook: secondLook ? { model: { ask: async () => undefined }, complexFrom: 0.4 } : undefined,
    simpleToolTurns: 'strong',
    sideRequestsLocal: false,
    sessions: { recall: async () => ({ session: undefined, keep: async () => {} }) },
  }
}

const request = routerRequest(ask('Hello!'))

test('says where each score would lead, and leaves none out', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.array(score, { minLength: 20, maxLength: 20 }), async (made, scores) => {
      const { route, targets, whatWouldChange } = await createExplainer(dependenciesOf(made))(request)
      const told = whatWouldChange
        .filter(({ by }) => by === 'score')
        .map((change) => ({ ...change, ...rangeOf(change.change) }))
      for (const other of scores) {
        const { decision, thresholds } = await createPlanner(dependenciesOf({ ...made, score: other }))(
          request,
        )
        const [target] = decision.targets
        const range = told.find(({ from, to }) => from <= other && other < to)
        // Whether somebody else then takes a second look, and says what, is not known.
        if (made.secondLook && made.strategy === 'hybrid' && decision.zone === 'unsure') continue
        const isMoved = target?.provider !== route || target.model !== targets[0]?.model
        const context = JSON.stringify({ made, other, told, thresholds })
        if (range === undefined) expect(isMoved, context).toBe(false)
        else expect(target, context).toMatchObject({ provider: range.route, model: range.model })
      }
    }),
    { numRuns: 300 },
  )
})

function rangeOf(change: string): { readonly from: number; readonly to: number } {
  const numbers =
    change
      .replace(/ \(.*/, '')
      .match(/[\d.]+/g)
      ?.map(Number) ?? []
  const [first = 0, second = 1] = numbers
  return change.includes('score below') ? { from: 0, to: first } : { from: first, to: second }
}
