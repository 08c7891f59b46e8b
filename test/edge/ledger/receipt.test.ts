/** The receipt: what an answer cost and saved, failed attempts included, also where the answer did not end well. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FailedAttempt } from '../../../edge/fallback/failure.ts'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import { createReceipt, type Ending, type RoutedFacts } from '../../../edge/ledger/receipt.ts'
import { claudeMessage, localMessage } from '../../support/edge/messages.ts'
import { claude, done, local, usage } from './support.ts'

const CHEAP = 'claude-haiku-5-5'
const STRONG = 'claude-sonnet-5-5'
/** 1,000 tokens in, 100 out: at 0.1 and 0.5, and at 2 and 10 USD per million. */
const CHEAP_COST = 150_000
const STRONG_COST = 3_000_000
const answered: Ending = { ...done, message: claudeMessage({ usage }) }
const moneyOf = (facts: RoutedFacts, ending: Ending) => {
  const { costNanoUsd, baselineNanoUsd, savedNanoUsd } = createReceipt(facts, ending, LIST_PRICES)
  return { costNanoUsd, baselineNanoUsd, savedNanoUsd }
}
const money = (costNanoUsd?: number, baselineNanoUsd?: number, savedNanoUsd?: number) => ({
  costNanoUsd,
  baselineNanoUsd,
  savedNanoUsd,
})
const failed = (attempt: Partial<FailedAttempt>): FailedAttempt => ({
  provider: 'claude',
  model: CHEAP,
  cause: 'overloaded',
  usage: {},
  ...attempt,
})

test('saves what the baseline would have cost where the local model or the cache answered', () => {
  expect(moneyOf(local, done)).toEqual(money(0, CHEAP_COST, CHEAP_COST))
  expect(moneyOf({ ...local, route: 'cache' }, done)).toEqual(money(0, CHEAP_COST, CHEAP_COST))
  expect(moneyOf({ ...local, baselineModel: STRONG }, done)).toEqual(money(0, STRONG_COST, STRONG_COST))
})

test('saves by the cheap Claude model against the strong one, and nothing against itself', () => {
  expect(moneyOf({ ...claude, baselineModel: STRONG }, answered)).toEqual(
    money(CHEAP_COST, STRONG_COST, STRONG_COST - CHEAP_COST),
  )
  expect(moneyOf(claude, answered)).toEqual(money(CHEAP_COST, CHEAP_COST, 0))
  const dated = { ...answered, message: claudeMessage({ usage, model: 'claude-haiku-4-5-20251001' }) }
  expect(moneyOf({ ...claude, baselineModel: 'claude-haiku-4-5' }, dated)).toMatchObject({ savedNanoUsd: 0 })
})

test('says of an unknown price that it is unknown', () => {
  const unknown = { ...answered, message: claudeMessage({ usage, model: 'claude-9' }) }
  expect(moneyOf(claude, unknown)).toEqual(money(undefined, CHEAP_COST, undefined))
  expect(moneyOf({ ...local, baselineModel: 'claude-9' }, done)).toEqual(money(0, undefined, undefined))
})

test('counts failed attempts against the saving', () => {
  const lost = failed({ usage: { input_tokens: 1_000, output_tokens: 0 } })
  const receipt = createReceipt(
    { ...claude, baselineModel: STRONG, failedAttempts: [failed({ provider: 'local' }), lost] },
    answered,
    LIST_PRICES,
  )
  expect(receipt.attemptNanoUsd).toEqual([0, 100_000])
  expect(receipt.costNanoUsd).toBe(CHEAP_COST + 100_000)
  expect(receipt.savedNanoUsd).toBe(STRONG_COST - CHEAP_COST - 100_000)
})

test('takes what a local attempt did for rent, whatever it used', () => {
  const tried = failed({ provider: 'local', model: 'tiny-model', usage: undefined })
  expect(moneyOf({ ...claude, failedAttempts: [tried] }, answered)).toEqual(money(CHEAP_COST, CHEAP_COST, 0))
})

test('does not know the cost of a request that Claude may have read without saying so', () => {
  const cut = failed({ cause: 'timeout', usage: undefined })
  const none = { ...claude, route: undefined, model: undefined, failedAttempts: [cut] }
  expect(moneyOf(none, { ...done, outcome: 'failed', message: undefined })).toEqual(
    money(undefined, 0, undefined),
  )
})

test('has cost and saved nothing where nothing was tried', () => {
  const none = { ...local, route: undefined, model: undefined }
  expect(moneyOf(none, { ...done, outcome: 'refused', message: undefined })).toEqual(money(0, 0, 0))
  const refusedByClaude = { ...done, outcome: 'refused', message: undefined } as const
  expect(moneyOf({ ...claude, failedAttempts: [failed({ model: 'claude-9' })] }, refusedByClaude)).toEqual(
    money(0, 0, 0),
  )
})

test('keeps what an answer had told of itself when it broke off or was left', () => {
  for (const outcome of ['broken', 'cancelled'] as const) {
    const receipt = createReceipt({ ...claude, baselineModel: STRONG }, { ...answered, outcome }, LIST_PRICES)
    expect(receipt).toMatchObject({ outcome, usage, costNanoUsd: CHEAP_COST, baselineNanoUsd: STRONG_COST })
    const untold = { ...done, outcome, message: undefined }
    expect(moneyOf(claude, untold)).toEqual(money(undefined, undefined, undefined))
    expect(moneyOf(local, untold)).toEqual(money(0, 0, 0))
  }
})

test('counts what a local model had in its cache as text that Claude would have read', () => {
  const cached = { ...usage, input_tokens: 998, cache_read_input_tokens: 2 }
  const message = localMessage({ usage: cached })
  expect(moneyOf(local, { ...done, message })).toEqual(moneyOf(local, done))
  expect(moneyOf({ ...local, route: 'cache' }, { ...done, message })).toEqual(moneyOf(local, done))
  const claudes = moneyOf(
    { ...claude, route: 'cache' },
    { ...done, message: claudeMessage({ usage: cached }) },
  )
  expect(claudes.savedNanoUsd).toBeLessThan(CHEAP_COST)
})

test('names the model that answered by its own word', () => {
  const receipt = createReceipt({ ...claude, model: 'auto' }, done, LIST_PRICES)
  expect(receipt.model).toBe(done.message?.model)
})

test('has cost and saving add up to the baseline, wherever they are known, in whole nano-dollars', () => {
  const count = fc.nat(2_000_000)
  const tokens = fc.record({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
  })
  const model = fc.constantFrom(CHEAP, STRONG, 'claude-opus-5-5', 'claude-9', 'tiny-model')
  const attempt = fc.record({
    provider: fc.constantFrom('local' as const, 'claude' as const),
    model,
    cause: fc.constant('error' as const),
    usage: fc.option(tokens, { nil: undefined }),
  })
  fc.assert(
    fc.property(
      fc.constantFrom('local' as const, 'claude' as const, 'cache' as const, undefined),
      fc.constantFrom('completed', 'refused', 'failed', 'broken', 'cancelled') as fc.Arbitrary<
        Ending['outcome']
      >,
      fc.option(tokens, { nil: undefined }),
      fc.array(attempt, { maxLength: 3 }),
      model,
      model,
      (route, outcome, used, failedAttempts, answering, baselineModel) => {
        const message = used && claudeMessage({ usage: used, model: answering })
        const facts = { ...local, route, model: answering, baselineModel, failedAttempts }
        const { costNanoUsd, savedNanoUsd, baselineNanoUsd } = moneyOf(facts, { ...done, outcome, message })
        for (const amount of [costNanoUsd, savedNanoUsd, baselineNanoUsd])
          expect(amount === undefined || Number.isSafeInteger(amount)).toBe(true)
        expect(savedNanoUsd === undefined).toBe(costNanoUsd === undefined || baselineNanoUsd === undefined)
        if (costNanoUsd !== undefined && savedNanoUsd !== undefined)
          expect(costNanoUsd + savedNanoUsd).toBe(baselineNanoUsd)
      },
    ),
  )
})
