/** What a request took, by its receipt: exactly where that is told, null where nobody knows. */
import { expect, test } from 'vitest'
import { type SettledReceipt, usedBy } from '../../../edge/budgets/settlement.ts'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import { claudeMessage } from '../../support/edge/messages.ts'

const DONE: SettledReceipt = {
  route: 'claude',
  model: 'claude-haiku-5-5',
  outcome: 'completed',
  usage: {
    input_tokens: 10,
    output_tokens: 5,
    cache_creation_input_tokens: 3,
    cache_read_input_tokens: 2,
  },
  failedAttempts: [],
  costNanoUsd: 1_234,
}
const usedIn = (changes: Partial<SettledReceipt>, text?: string) =>
  usedBy(
    { ...DONE, ...changes },
    text === undefined ? undefined : claudeMessage({ content: [{ type: 'text', text }] }),
    LIST_PRICES,
  )

test('tokens of every kind, and the cost of the receipt', () => {
  expect(usedIn({})).toEqual({ tokens: 20, nanoUsd: 1_234 })
})

test('what local models answer takes tokens, what the cache answers takes none', () => {
  expect(usedIn({ route: 'local', costNanoUsd: 0 })).toEqual({ tokens: 20, nanoUsd: 0 })
  expect(usedIn({ route: 'cache', costNanoUsd: 0 })).toEqual({ tokens: 0, nanoUsd: 0 })
})

test('failed attempts count, and are unknown where they did not tell', () => {
  const attempt = { provider: 'claude', cause: 'timeout', model: 'claude-haiku-5-5' } as const
  expect(usedIn({ failedAttempts: [{ ...attempt, usage: { input_tokens: 7 } }] }).tokens).toBe(27)
  const untold = { route: undefined, usage: undefined, outcome: 'failed', costNanoUsd: undefined } as const
  expect(usedIn({ ...untold, failedAttempts: [{ ...attempt, usage: undefined }] })).toEqual({
    tokens: null,
    nanoUsd: null,
  })
})

test('a refusal takes nothing, ours or Claude’s', () => {
  const nothing = { usage: undefined, outcome: 'refused', costNanoUsd: 0 } as const
  expect(usedIn({ ...nothing, route: undefined })).toEqual({ tokens: 0, nanoUsd: 0 })
  expect(usedIn(nothing)).toEqual({ tokens: 0, nanoUsd: 0 })
})

test('a price that nobody knows leaves the tokens known', () => {
  expect(usedIn({ costNanoUsd: undefined })).toEqual({ tokens: 20, nanoUsd: null })
})

test.each(['broken', 'cancelled'] as const)(
  'of a %s answer what came is counted beside what was told',
  (outcome) => {
    const whole = usedIn({ outcome }, 'x'.repeat(10_000))
    expect(whole.tokens).toBeGreaterThan(4_000)
    expect(whole.nanoUsd).toBeGreaterThan(1_234 + 1_500_000)
    const onlyBegun = usedIn({ outcome, usage: { input_tokens: 10, output_tokens: 100 } }, 'x')
    expect(onlyBegun).toEqual({ tokens: 110, nanoUsd: 1_234 })
  },
)
