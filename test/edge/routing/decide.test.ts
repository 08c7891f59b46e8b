/** The table of the strategies, and what overrides it. */
import { expect, test } from 'vitest'
import type { Verdict } from '../../../edge/routing/classifier.ts'
import { type Circumstances, decide } from '../../../edge/routing/decide.ts'
import type { Features } from '../../../edge/routing/features.ts'
import { STRATEGIES } from '../../../edge/strategy.ts'
import { SIMPLE_TASKS } from '../../../shared/tasks.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const plain = featuresOf(ask('Hello'))
const simple: Verdict = { task: 'simple_chat', score: 0.1, complex: false, caution: undefined, signals: {} }
const complex: Verdict = {
  task: 'code_generation',
  score: 0.9,
  complex: true,
  caution: undefined,
  signals: {},
}
const usual: Circumstances = {
  strategy: 'hybrid',
  requestedModel: 'auto',
  routed: true,
  force: undefined,
  mayForce: true,
  privacyLocal: false,
  staysWithSession: false,
  localOnlyFeature: undefined,
  local: {
    model: 'tiny-model',
    tasks: SIMPLE_TASKS,
    maxInputTokens: 1_000,
    englishOnly: false,
    isSmall: false,
  },
  claude: { configured: true, model: 'strong', simpleModel: 'cheap' },
}

function routeOf(change: Partial<Circumstances>, verdict = simple, features: Features = plain): string {
  const { targets, refusal } = decide(features, verdict, { ...usual, ...change })
  if (refusal !== undefined) return `${refusal.status}`
  return targets.map(({ provider, model }) => (provider === 'claude' ? model : provider)).join(', ')
}

// The table of the architecture, row by row.
const TABLE = {
  claude_only: { simple: 'cheap', complex: 'strong', tools: 'strong', image: 'strong', off: 'cheap' },
  hybrid: { simple: 'local, cheap', complex: 'strong', tools: 'strong', image: 'strong', off: 'cheap' },
  local_fallback: {
    simple: 'local, cheap',
    complex: 'local, strong',
    tools: 'strong',
    image: 'strong',
    off: 'cheap',
  },
  local_only: { simple: 'local', complex: 'local', tools: '400', image: '400', off: '503' },
}
for (const strategy of STRATEGIES)
  test(`routes by the table of the strategies: ${strategy}`, () => {
    const row = TABLE[strategy]
    expect(routeOf({ strategy })).toBe(row.simple)
    expect(routeOf({ strategy }, complex)).toBe(row.complex)
    expect(routeOf({ strategy }, complex, { ...plain, usesTools: true })).toBe(row.tools)
    expect(routeOf({ strategy }, complex, { ...plain, nonTextBlock: 'image' })).toBe(row.image)
    expect(routeOf({ strategy, local: undefined })).toBe(row.off)
  })

test('forces a side whatever the strategy and the verdict', () => {
  for (const strategy of STRATEGIES)
    for (const verdict of [simple, complex]) {
      expect(routeOf({ strategy, force: 'local' }, verdict)).toBe('local')
      expect(routeOf({ strategy, force: 'claude' }, verdict)).toBe(verdict.complex ? 'strong' : 'cheap')
    }
})

test('forces the local model by its name', () => {
  for (const requestedModel of ['local', 'tiny-model'])
    expect(routeOf({ strategy: 'claude_only', requestedModel }, complex)).toBe('local')
  expect(routeOf({ requestedModel: 'local', local: undefined })).toBe('503')
})

test('does not let a name force what the operator forbids to force', () => {
  for (const requestedModel of ['local', 'tiny-model'])
    expect(routeOf({ requestedModel, mayForce: false })).toBe('403')
  expect(routeOf({ mayForce: false })).toBe('local, cheap')
})

test('refuses what is forced upon a model that cannot do it', () => {
  expect(routeOf({ force: 'local' }, complex, { ...plain, usesTools: true })).toBe('400')
  expect(routeOf({ force: 'local', local: undefined })).toBe('503')
})

test('never lets a private request out, whatever else is asked', () => {
  for (const strategy of STRATEGIES)
    for (const features of [plain, { ...plain, usesTools: true }])
      for (const local of [usual.local, undefined])
        for (const force of [undefined, 'claude', 'local'] as const)
          for (const requestedModel of ['auto', 'claude-opus-5-5']) {
            const change = { strategy, local, force, requestedModel, privacyLocal: true }
            const { targets } = decide(features, complex, { ...usual, ...change })
            expect(targets.every(({ provider }) => provider === 'local')).toBe(true)
          }
})

test('sends models that are not routed to Claude as asked', () => {
  expect(routeOf({ requestedModel: 'claude-opus-5-5', routed: false })).toBe('claude-opus-5-5')
  expect(routeOf({ requestedModel: 'claude-opus-5-5', routed: true })).toBe('local, claude-opus-5-5')
})

test('keeps side requests of a session with Claude', () => {
  expect(routeOf({ staysWithSession: true })).toBe('cheap')
})

test('takes the cheap model for simple work and the strong one for complex', () => {
  for (const requestedModel of ['auto', 'claude-auto']) {
    expect(routeOf({ requestedModel, strategy: 'claude_only' })).toBe('cheap')
    expect(routeOf({ requestedModel, strategy: 'claude_only' }, complex)).toBe('strong')
    expect(routeOf({ requestedModel, strategy: 'claude_only' }, { ...complex, complex: false })).toBe(
      'strong',
    )
  }
})

test('sends simple tasks that the local model is not trusted with to Claude, if there is one', () => {
  const local = {
    model: 'tiny-model',
    tasks: ['summarization'],
    maxInputTokens: 1_000,
    englishOnly: false,
    isSmall: false,
  } as const
  expect(routeOf({ local })).toBe('cheap')
  expect(routeOf({ local }, { ...simple, task: 'summarization' })).toBe('local, cheap')
  expect(routeOf({ local, claude: { ...usual.claude, configured: false } })).toBe('local, cheap')
  expect(routeOf({ local, strategy: 'local_fallback' })).toBe('local, cheap')
})

test('refuses what only the local model can give where Claude would answer', () => {
  expect(routeOf({ localOnlyFeature: 'logprobs' })).toBe('local')
  expect(routeOf({ localOnlyFeature: 'logprobs' }, complex)).toBe('400')
})

test('gives fixed phrases as reasons', () => {
  const reasonOf = (change: Partial<Circumstances>, verdict = simple, features: Features = plain) =>
    decide(features, verdict, { ...usual, ...change }).reason
  expect(reasonOf({})).toBe('hybrid: simple task')
  expect(reasonOf({}, complex)).toBe('hybrid: complex task')
  expect(reasonOf({}, complex, { ...plain, usesTools: true })).toBe('tools required')
  expect(reasonOf({ force: 'claude' })).toBe('forced: Claude')
  expect(reasonOf({ force: 'local' })).toBe('forced: local')
  expect(reasonOf({ local: undefined })).toBe('hybrid: local model off')
  expect(reasonOf({ strategy: 'claude_only' })).toBe('claude_only')
  expect(reasonOf({ privacyLocal: true }, simple, { ...plain, usesTools: true })).toBe(
    'privacy: local only: tools required',
  )
})

test('sends what is not English to Claude where the local model speaks nothing else', () => {
  const english = {
    model: 'tiny-model',
    tasks: SIMPLE_TASKS,
    maxInputTokens: 1_000,
    englishOnly: true,
    isSmall: false,
  }
  const korean = featuresOf(ask('안녕하세요'))
  expect(routeOf({ local: english }, simple, korean)).toBe('cheap')
  expect(routeOf({ local: english }, simple)).toBe('local, cheap')
  expect(routeOf({ local: { ...english, englishOnly: false } }, simple, korean)).toBe('local, cheap')
  const alone = { configured: false, model: 'strong', simpleModel: 'cheap' }
  expect(routeOf({ local: english, claude: alone }, simple, korean)).toBe('local, cheap')
  expect(routeOf({ local: english, strategy: 'local_only' }, simple, korean)).toBe('local')
})
