/** Expected prices: three sides side by side, by tokens that are told, and no number where a price is unknown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expectedPrices } from '../../../edge/explanation/expected-prices.ts'
import { expectedCostUsd } from '../../../edge/ledger/expected-cost.ts'
import type { Target } from '../../../edge/target.ts'
import { COMPLEX_TASKS, SIMPLE_TASKS, type Task } from '../../../shared/tasks.ts'

const claude = { model: 'claude-opus-5-5', simpleModel: 'claude-haiku-5-5' }
const LOCAL: Target = { provider: 'local', model: 'tiny-model' }
const STRONG: Target = { provider: 'claude', model: claude.model }
const request = { estimatedInputTokens: 1_000, maxTokens: 4_096 }
const plan = (task: Task, targets: readonly Target[], changed: Partial<typeof request> = {}) => ({
  features: { ...request, ...changed },
  decision: { task, targets },
  session: undefined,
})
const prices = (task: Task, targets: readonly Target[], changed: Partial<typeof request> = {}) =>
  expectedPrices(plan(task, targets, changed), { local: LOCAL.model, claude })

test('prices all three sides by the same tokens, and says what the chosen one saves', () => {
  const { inputTokens, outputTokens, local, cheap, strong, chosen, savedUsd } = prices('simple_chat', [LOCAL])
  const tokens = { uncached: inputTokens, output: outputTokens }
  expect(inputTokens).toBe(1_000)
  expect(local).toEqual({ model: 'tiny-model', usd: 0 })
  expect(cheap.usd).toBeCloseTo(expectedCostUsd(claude.simpleModel, tokens) ?? 0, 10)
  expect(strong.usd).toBeCloseTo(expectedCostUsd(claude.model, tokens) ?? 0, 10)
  expect(chosen).toEqual(local)
  expect(savedUsd).toBe(strong.usd)
  expect(prices('complex_reasoning', [STRONG])).toMatchObject({
    savedUsd: 0,
    chosen: { model: claude.model },
  })
})

test('assumes longer answers to complex requests, and none longer than is allowed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SIMPLE_TASKS),
      fc.constantFrom(...COMPLEX_TASKS),
      fc.nat(5_000),
      (simple, complex, maxTokens) => {
        expect(prices(simple, [LOCAL]).outputTokens).toBeLessThan(prices(complex, [STRONG]).outputTokens)
        expect(prices(complex, [STRONG], { maxTokens }).outputTokens).toBeLessThanOrEqual(maxTokens)
      },
    ),
  )
})

test('says null where a price, a local model or a target is missing', () => {
  const other: Target = { provider: 'claude', model: 'claude-unheard-of' }
  expect(prices('other', [other])).toMatchObject({
    chosen: { model: other.model, usd: null },
    savedUsd: null,
  })
  expect(prices('other', [])).toMatchObject({ chosen: null, savedUsd: null })
  const off = expectedPrices(plan('other', [STRONG]), { local: undefined, claude })
  expect(off.local).toBeNull()
  const unpriced = { model: 'proxied', simpleModel: claude.simpleModel }
  expect(expectedPrices(plan('other', [LOCAL]), { local: 'tiny-model', claude: unpriced })).toMatchObject({
    strong: { usd: null },
    savedUsd: null,
  })
})

test('counts what a model holds of the conversation as read from its cache, by that model alone', () => {
  const session = {
    model: claude.model,
    prefixTokens: 10_000,
    uncachedTokens: 50,
    estimatedTokens: 900,
    usedAt: 0,
    lifeMs: 1,
  }
  const warm = expectedPrices({ ...plan('simple_chat', [STRONG]), session }, { local: LOCAL.model, claude })
  const output = warm.outputTokens
  expect(warm.inputTokens).toBe(10_150)
  expect(warm.strong.usd).toBeCloseTo(
    expectedCostUsd(claude.model, { uncached: 150, cacheRead: 10_000, output }) ?? 0,
    10,
  )
  expect(warm.cheap.usd).toBeCloseTo(
    expectedCostUsd(claude.simpleModel, { uncached: 10_150, output }) ?? 0,
    10,
  )
})
