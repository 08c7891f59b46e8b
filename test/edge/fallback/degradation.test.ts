/** For whom a slow or dead local model may cost money, and how much; the whole path is `hedged-requests` and `fallback-budget`. */
import { expect, test } from 'vitest'
import {
  createDegradation,
  type DegradableRequest,
  type DegradationOptions,
} from '../../../edge/fallback/degradation.ts'
import type { FailureCause } from '../../../edge/fallback/failure.ts'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import type { Controls } from '../../../edge/request.ts'
import type { Target } from '../../../edge/target.ts'
import { RouterError } from '../../../shared/errors.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const LOCAL: Target = { provider: 'local', model: 'tiny-model' }
const HAIKU: Target = { provider: 'claude', model: 'claude-haiku-5-5' }
const OPUS: Target = { provider: 'claude', model: 'claude-opus-5-5' }
const MINUTE_MS = 60_000

function degradationOf(options: Partial<DegradationOptions> = {}) {
  return createDegradation({
    hedge: { limits: [{ kind: 'share', percent: 100, least: 0, windowMs: MINUTE_MS }], delayMs: 5 },
    fallbackBudget: {
      limit: { kind: 'count', most: 0, windowMs: MINUTE_MS },
      above: 'refuse',
      written: '0/minute',
    },
    prices: LIST_PRICES,
    claude: { model: 'claude-sonnet-5-5', simpleModel: 'claude-haiku-5-5' },
    now: () => 0,
    ...options,
  })
}

function requestOf(
  targets: readonly Target[] = [LOCAL, HAIKU],
  { canAskClaude = true, ...controls }: Partial<Controls> & { readonly canAskClaude?: boolean } = {},
): DegradableRequest {
  const request = {
    id: 'req_test',
    controls: {
      force: undefined,
      strategy: undefined,
      cache: 'use' as const,
      privacyLocal: false,
      ...controls,
    },
  }
  const decision = {
    task: 'simple_chat',
    score: 0.1,
    complex: false,
    zone: 'simple',
    targets,
    reason: 'hybrid: simple task',
    guard: undefined,
    claudeModel: 'claude-haiku-5-5',
    complexModel: 'claude-sonnet-5-5',
  } as const
  return { request, plan: { features: featuresOf(ask()), decision, canAskClaude } }
}

const failedBy = (cause: FailureCause) =>
  [{ provider: 'local', cause }, new RouterError('unavailable', 'down')] as const

test('nothing is hedged or limited for those whom only one side may answer', () => {
  const degradation = degradationOf()
  for (const request of [
    requestOf([LOCAL, HAIKU], { privacyLocal: true }),
    requestOf([LOCAL, HAIKU], { force: 'local' }),
    requestOf([LOCAL, HAIKU], { canAskClaude: false }),
    requestOf([LOCAL]),
    requestOf([HAIKU]),
    requestOf([HAIKU, LOCAL]),
    requestOf([]),
  ])
    expect(degradation.begin(request, true)).toEqual({})
})

test('a request that a limit has bent is not hedged, and is limited all the same', () => {
  const { hedge, admit } = degradationOf().begin(requestOf(), false)
  expect(hedge).toBeUndefined()
  expect(admit?.(HAIKU, ...failedBy('timeout'))).toMatchObject({ code: 'unavailable', status: 503 })
})

test('a hedge asks for Claude’s model of the decision, or the strong one while a judge is still to speak', () => {
  const degradation = degradationOf()
  expect(degradation.begin(requestOf(), true).hedge).toMatchObject({ target: HAIKU, delayMs: 5 })
  const judged = requestOf([{ ...LOCAL, judgeThreshold: 0.5 }, HAIKU])
  expect(degradation.begin(judged, true).hedge?.target.model).toBe('claude-sonnet-5-5')
})

test('only failures of the server are limited', () => {
  const { admit } = degradationOf().begin(requestOf(), true)
  for (const cause of ['timeout', 'unavailable', 'overloaded', 'error'] as const)
    expect(admit?.(HAIKU, ...failedBy(cause)), cause).toBeInstanceOf(RouterError)
  for (const cause of ['judged_complex', 'low_confidence', 'unsupported'] as const)
    expect(admit?.(HAIKU, ...failedBy(cause)), cause).toBe(HAIKU)
})

test('the cheap model takes the place of a dearer one, and of one without a price, but of no cheaper one', () => {
  const budget = {
    limit: { kind: 'count', most: 0, windowMs: MINUTE_MS },
    above: 'cheap',
    written: '0/minute',
  } as const
  const admits = (next: Target, simpleModel: string) => {
    const claude = { model: 'claude-sonnet-5-5', simpleModel }
    const { admit } = degradationOf({ fallbackBudget: budget, claude }).begin(requestOf([LOCAL, next]), true)
    return admit?.(next, ...failedBy('timeout'))
  }
  expect(admits(OPUS, HAIKU.model)).toEqual(HAIKU)
  expect(admits({ ...HAIKU, model: 'claude-of-tomorrow' }, HAIKU.model)).toEqual(HAIKU)
  expect(admits(HAIKU, HAIKU.model)).toEqual(HAIKU)
  expect(admits(HAIKU, 'claude-haiku-4-5')).toBe(HAIKU)
})

test('what a request did cost takes the place of what was expected, unless nobody knows', () => {
  const limit = { kind: 'money', mostNanoUsd: 1_000_000, windowMs: MINUTE_MS } as const
  const fallbackBudget = { limit, above: 'refuse', written: '0.001usd/minute' } as const
  const degradation = degradationOf({ fallbackBudget })
  const next = () => degradation.begin(requestOf(), true).admit?.(HAIKU, ...failedBy('timeout'))
  expect(next()).toBe(HAIKU)
  degradation.settle({ requestId: 'req_test', costNanoUsd: undefined })
  expect(next()).toBe(HAIKU)
  degradation.settle({ requestId: 'req_test', costNanoUsd: 1_000_000 })
  expect(next()).toBeInstanceOf(RouterError)
})
