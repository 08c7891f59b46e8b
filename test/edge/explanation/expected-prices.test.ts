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
const prices = (task: Task, targets: readonly Target[], changed: Partial<typeof request> = {}) =>
  expectedPrices({ ...request, ...changed }, { task, targets }, { local: LOCAL.model, claude })

test('prices all three sides by the same tokens, and says what the chosen one saves', () => {
  const { inputTokens, outputTokens, local, cheap, strong, chosen, savedUsd } = prices('simple_chat', [LOCAL])
  const tokens = { uncached: inputTokens, output: outputTokens }
  expect(inputTokens).toBe(1_000)
  expect(local).toEqual({ model: 'tiny-model', usd: 0 })
  expect(cheap.usd).toBe(expectedCostUsd(claude.simpleModel, tokens))
  expect(strong.usd).toBe(expectedCostUsd(claude.model, tokens))
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
  const off = expectedPrices(request, { task: 'other', targets: [STRONG] }, { local: undefined, claude })
  expect(off.local).toBeNull()
  const unpriced = { model: 'proxied', simpleModel: claude.simpleModel }
  expect(
    expectedPrices(request, { task: 'other', targets: [LOCAL] }, { local: 'tiny-model', claude: unpriced }),
  ).toMatchObject({ strong: { usd: null }, savedUsd: null })
})
