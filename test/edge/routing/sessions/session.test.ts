/** What a warm prompt cache is worth, and when moving down saves more. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expectedCostUsd } from '../../../../edge/ledger/expected-cost.ts'
import { isWorthLeaving, type Session, sessionAfter } from '../../../../edge/routing/sessions/session.ts'
import { parseMessagesRequest } from '../../../../shared/messages.ts'
import { ask } from '../../../support/edge/router.ts'

const STRONG = 'claude-sonnet-5-5'
const CHEAP = 'claude-haiku-5-5'
const MINUTE = 60_000
const session: Session = {
  model: STRONG,
  prefixTokens: 20_000,
  uncachedTokens: 0,
  estimatedTokens: 21_000,
  usedAt: 0,
  lifeMs: 5 * MINUTE,
}
/** The next prompt, with so many tokens more. */
const next = (newTokens: number) => ({ estimatedInputTokens: session.estimatedTokens + newTokens })

test('computes the example of decision 52', () => {
  expect(isWorthLeaving(session, next(200), undefined)).toBe(false)
  expect(isWorthLeaving(session, next(200), CHEAP)).toBe(false)
  expect(isWorthLeaving(session, next(18_000), undefined)).toBe(false)
  expect(isWorthLeaving(session, next(18_200), undefined)).toBe(true)
  expect(isWorthLeaving(session, next(20_100), CHEAP)).toBe(true)
})

test('counts what the cache did not hold as sent anew', () => {
  const behind = { ...session, uncachedTokens: 18_200 }
  expect(isWorthLeaving(behind, next(0), undefined)).toBe(true)
  expect(isWorthLeaving(behind, { estimatedInputTokens: 0 }, undefined)).toBe(true)
  expect(isWorthLeaving(session, { estimatedInputTokens: 0 }, undefined)).toBe(false)
})

test('does not leave where a price is not known', () => {
  expect(isWorthLeaving({ ...session, model: 'claude-unheard-of' }, next(1e6), undefined)).toBe(false)
  expect(isWorthLeaving(session, next(1e6), 'claude-unheard-of')).toBe(false)
  expect(isWorthLeaving(session, next(1e5), undefined)).toBe(true)
})

const tokens = fc.integer({ min: 0, max: 500_000 })
const MODELS = [STRONG, CHEAP, 'claude-opus-5-5', 'claude-opus-4-6', 'claude-haiku-4-5', 'claude-fable-5-2']

test('never moves down where this turn would cost more, however long its answer is', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...MODELS),
      fc.option(fc.constantFrom(...MODELS), { nil: undefined }),
      tokens,
      tokens,
      tokens,
      tokens,
      (model, to, prefixTokens, uncachedTokens, newTokens, output) => {
        const held = { ...session, model, prefixTokens, uncachedTokens }
        // A model is below another where it writes no dearer.
        const writes = (name: string) => expectedCostUsd(name, { uncached: 0, output: 1 }) ?? 0
        fc.pre(to === undefined || writes(to) <= writes(model))
        if (!isWorthLeaving(held, next(newTokens), to)) return
        const uncached = uncachedTokens + newTokens
        const stayed = expectedCostUsd(model, { uncached, cacheRead: prefixTokens, output }) ?? 0
        const moved =
          to === undefined ? 0 : (expectedCostUsd(to, { uncached: prefixTokens + uncached, output }) ?? 0)
        expect(moved).toBeLessThan(stayed)
      },
    ),
  )
})

const turn = {
  view: parseMessagesRequest(ask('Hello', { cache_control: { type: 'ephemeral' } })),
  features: { estimatedInputTokens: 30 },
  model: STRONG,
  startedAt: 1_000,
}

test('is made of what the answer says was read and written', () => {
  const usage = { input_tokens: 12, cache_read_input_tokens: 2_000, cache_creation_input_tokens: 300 }
  expect(sessionAfter({ ...turn, usage })).toEqual({
    model: STRONG,
    prefixTokens: 2_300,
    uncachedTokens: 12,
    estimatedTokens: 30,
    usedAt: 1_000,
    lifeMs: 5 * MINUTE,
  })
})

test('is not made where nothing was cached, or nothing asked for it', () => {
  const unmarked = { ...turn, view: parseMessagesRequest(ask()) }
  expect(sessionAfter({ ...unmarked, usage: { cache_read_input_tokens: 2_000 } })).toBeUndefined()
  for (const usage of [
    {},
    { input_tokens: 9, cache_read_input_tokens: 0, cache_creation_input_tokens: null },
  ])
    expect(sessionAfter({ ...turn, usage })).toBeUndefined()
})

const mark = (ttl?: string) => ({
  cache_control: { type: 'ephemeral', ...(ttl === undefined ? {} : { ttl }) },
})
const block = (text: string, ttl?: string) => ({ type: 'text', text, ...mark(ttl) })

test.each<[string, Record<string, unknown>, number]>([
  ['the request asks for an hour', mark('1h'), 60],
  ['the request asks for no time', mark(), 5],
  ['a tool asks for an hour', { tools: [{ name: 'clock', ...mark('1h') }] }, 60],
  ['the system prompt asks for an hour', { system: [block('You are kind.', '1h')] }, 60],
  [
    'a message asks for less',
    { system: [block('You are kind.', '1h')], messages: [{ role: 'user', content: [block('Hi', '5m')] }] },
    5,
  ],
  ['what asks for more is no mark', { ...mark(), system: 'x', tools: [null, 7, { cache_control: '1h' }] }, 5],
])('lives as long as Claude keeps it: %s', (_, fields, minutes) => {
  const view = parseMessagesRequest(ask('Hello', fields))
  const usage = { cache_creation_input_tokens: 2_000 }
  expect(sessionAfter({ ...turn, view, usage })?.lifeMs).toBe(minutes * MINUTE)
})
