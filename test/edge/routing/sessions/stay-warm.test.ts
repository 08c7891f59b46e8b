/** Who answers where a Claude model holds the conversation in its prompt cache: up at any time, down rarely. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Circumstances } from '../../../../edge/routing/circumstances.ts'
import type { Verdict } from '../../../../edge/routing/classifier/classifier.ts'
import { decide } from '../../../../edge/routing/decide.ts'
import type { Features } from '../../../../edge/routing/features.ts'
import { isWorthLeaving, type Session } from '../../../../edge/routing/sessions/session.ts'
import { STRATEGIES } from '../../../../edge/strategy.ts'
import { uniformTrust } from '../../../../shared/model-card.ts'
import {
  cardOf,
  COMPLEX_VERDICT as complex,
  SIMPLE_VERDICT as simple,
  USUAL,
} from '../../../support/edge/circumstances.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const STRONG = 'claude-sonnet-5-5'
const CHEAP = 'claude-haiku-5-5'
const plain = featuresOf(ask('Hello'))
const between: Verdict = { ...simple, score: 0.3 }
const held: Session = {
  model: STRONG,
  prefixTokens: 20_000,
  uncachedTokens: 0,
  estimatedTokens: 0,
  usedAt: 0,
  lifeMs: 300_000,
}
const heldByCheap = { ...held, model: CHEAP }
const usual: Circumstances = {
  ...USUAL,
  local: { model: 'tiny-model', card: cardOf(uniformTrust('full')), maxInputTokens: 1e9, judges: true },
  claude: { configured: true, model: STRONG, simpleModel: CHEAP },
  thresholds: { complex: 0.2, strong: 0.5, unsure: { from: 0.2, to: 0.4 } },
  session: held,
}
const names = ({ targets }: Pick<ReturnType<typeof decide>, 'targets'>) =>
  targets.map(({ provider, model }) => (provider === 'claude' ? model : provider)).join(', ')
const decided = (change: Partial<Circumstances>, verdict = simple, features: Features = plain) => {
  const decision = decide(features, verdict, { ...usual, ...change })
  return { who: names(decision), why: decision.reason }
}
const STAYS = 'stays with the warm cache'

test('stays with the model that holds the conversation where the score would move it down', () => {
  expect(decided({})).toEqual({ who: STRONG, why: `hybrid: simple task, ${STAYS}` })
  expect(decided({}, between)).toEqual({ who: STRONG, why: `hybrid: complex task, ${STAYS}` })
  expect(decided({ session: heldByCheap })).toEqual({ who: CHEAP, why: `hybrid: simple task, ${STAYS}` })
  expect(decided({ strategy: 'claude_only' })).toEqual({ who: STRONG, why: `claude_only, ${STAYS}` })
  expect(decided({ local: undefined })).toEqual({ who: STRONG, why: `hybrid: local model off, ${STAYS}` })
})

test('moves up at once', () => {
  expect(decided({ session: heldByCheap }, complex)).toEqual({ who: STRONG, why: 'hybrid: complex task' })
  expect(decided({}, complex)).toEqual({ who: STRONG, why: 'hybrid: complex task' })
})

test('says nothing of the cache where it changes nothing', () => {
  expect(decided({ session: heldByCheap }, between)).toEqual({ who: CHEAP, why: 'hybrid: complex task' })
})

test('moves down where what is new outweighs what is warm', () => {
  const long = { ...plain, estimatedInputTokens: 40_000 }
  expect(decided({}, simple, long)).toEqual({ who: `local, ${CHEAP}`, why: 'hybrid: simple task' })
  expect(decided({}, between, long)).toEqual({ who: CHEAP, why: 'hybrid: complex task' })
})

test('asks no judge where the conversation stays', () => {
  expect(decided({ judgedFrom: 0.3 }, between)).toEqual({ who: STRONG, why: `hybrid: unsure, ${STAYS}` })
  expect(decided({ judgedFrom: 0.3, session: undefined }, between).who).toBe(`local, ${CHEAP}`)
})

test.each<[string, Partial<Circumstances>]>([
  ['a concrete model', { requestedModel: 'claude-opus-5-5' }],
  ['the local model by name', { requestedModel: 'local' }],
  ['privacy', { privacyLocal: true }],
  ['a forced side', { force: 'local' }],
  ['a rule for the local model', { rule: { route: 'local', reason: 'rule: 1' } }],
  ['a rule for the cheap model', { rule: { route: 'claude', tier: 'cheap', reason: 'rule: 1' } }],
  ['what only the local model gives', { localOnlyFeature: 'logprobs' }],
  ['local_only', { strategy: 'local_only' }],
  ['a session of a model that is not set any more', { session: { ...held, model: 'claude-opus-5-5' } }],
  ['Claude without a key', { claude: { ...usual.claude, configured: false } }],
])('changes nobody who is asked first: %s', (_, change) => {
  const [first] = decide(plain, simple, { ...usual, ...change }).targets
  expect(first).toEqual(decide(plain, simple, { ...usual, ...change, session: undefined }).targets[0])
})

test('keeps the local model first by local_fallback, and falls back to the warm model', () => {
  expect(decided({ strategy: 'local_fallback' })).toEqual({
    who: `local, ${STRONG}`,
    why: 'local_fallback: local first',
  })
})

test('leaves the model that cannot do what this turn demands', () => {
  const { who } = decided(
    { claude: { ...usual.claude, model: 'claude-opus-5-5' }, session: { ...held, model: 'claude-opus-5-5' } },
    between,
    {
      ...plain,
      forcedTool: true,
      usesTools: true,
    },
  )
  expect(who).toBe(CHEAP)
})

test('names the rule beside the cache', () => {
  expect(decided({ rule: { route: 'claude', reason: 'rule: 1' } })).toEqual({
    who: STRONG,
    why: `rule: 1, ${STAYS}`,
  })
})

const circumstances = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  model: fc.constantFrom(STRONG, CHEAP),
  prefixTokens: fc.integer({ min: 1, max: 200_000 }),
  newTokens: fc.integer({ min: 0, max: 400_000 }),
  usesTools: fc.boolean(),
  simpleToolTurns: fc.constantFrom('strong' as const, 'cheap' as const),
})

test('only ever puts the model that holds the conversation in the place of one below, and never where leaving pays', () => {
  const rank = ({ provider, model }: { provider: string; model: string }) =>
    provider === 'local' ? 0 : model === CHEAP ? 1 : 2
  fc.assert(
    fc.property(
      circumstances,
      ({ strategy, score, model, prefixTokens, newTokens, usesTools, simpleToolTurns }) => {
        const session = { ...held, model, prefixTokens }
        const features = { ...plain, estimatedInputTokens: newTokens, usesTools }
        const verdict = { ...simple, score }
        const change = { strategy, simpleToolTurns }
        const [chosen] = decide(features, verdict, { ...usual, ...change, session: undefined }).targets
        const [stayed] = decide(features, verdict, { ...usual, ...change, session }).targets
        expect(stayed === undefined).toBe(chosen === undefined)
        if (chosen === undefined || stayed === undefined) return
        expect(rank(stayed)).toBeGreaterThanOrEqual(rank(chosen))
        if (rank(stayed) === rank(chosen)) return
        expect(stayed).toEqual({ provider: 'claude', model })
        expect(
          isWorthLeaving(session, features, chosen.provider === 'local' ? undefined : chosen.model),
        ).toBe(false)
      },
    ),
  )
})
