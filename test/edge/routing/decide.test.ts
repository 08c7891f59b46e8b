/** The table of the strategies, and what overrides it. */
import { expect, test } from 'vitest'
import type { Circumstances } from '../../../edge/routing/circumstances.ts'
import { decide } from '../../../edge/routing/decide.ts'
import type { Features } from '../../../edge/routing/features.ts'
import { STRATEGIES } from '../../../edge/strategy.ts'
import { uniformTrust } from '../../../shared/model-card.ts'
import {
  cardOf,
  COMPLEX_VERDICT as complex,
  SIMPLE_VERDICT as simple,
  USUAL,
} from '../../support/edge/circumstances.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const plain = featuresOf(ask('Hello'))
function routeOf(change: Partial<Circumstances>, verdict = simple, features: Features = plain): string {
  const { targets, rejection } = decide(features, verdict, { ...USUAL, ...change })
  if (rejection !== undefined) return `${rejection.status}`
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
      expect(routeOf({ strategy, force: 'claude' }, verdict)).toBe(verdict === complex ? 'strong' : 'cheap')
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
      for (const local of [USUAL.local, undefined])
        for (const force of [undefined, 'claude', 'local'] as const)
          for (const requestedModel of ['auto', 'claude-opus-5-5']) {
            const change = { strategy, local, force, requestedModel, privacyLocal: true }
            const { targets } = decide(features, complex, { ...USUAL, ...change })
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
  }
})

test('takes the cheap Claude model for what is neither simple nor surely hard', () => {
  const between = { ...simple, score: 0.3 }
  expect(routeOf({}, between)).toBe('cheap')
  expect(routeOf({}, { ...simple, score: 0.5 })).toBe('strong')
  expect(routeOf({ requestedModel: 'claude-opus-5-5' }, between)).toBe('claude-opus-5-5')
  expect(decide(plain, between, USUAL)).toMatchObject({
    complex: true,
    zone: 'unsure',
    task: 'code_generation',
  })
})

test('names the zone of a score, whose ends belong to the upper one', () => {
  const zoneOf = (score: number) => decide(plain, { ...simple, score }, USUAL).zone
  expect([0, 0.019, 0.02, 0.2, 0.799, 0.8, 1].map(zoneOf)).toEqual([
    'simple',
    'simple',
    'unsure',
    'unsure',
    'unsure',
    'complex',
    'complex',
  ])
})

test('lets a judge decide what is unsure, where the model is trusted with it and no rule decides', () => {
  const local = { ...USUAL.local, judges: true } as Circumstances['local']
  const unsure = { ...simple, score: 0.4 }
  const judged = { local, judgedFrom: 0.3 }
  expect(routeOf(judged, unsure)).toBe('local, cheap')
  expect(routeOf(judged, { ...simple, score: 0.7 })).toBe('local, strong')
  const { targets, reason } = decide(plain, unsure, { ...USUAL, ...judged })
  expect(targets[0]?.judgeThreshold).toBeGreaterThan(0)
  expect(targets[0]?.judgeThreshold).toBeLessThan(1)
  expect(reason).toBe('hybrid: unsure, judged by the local model')
  expect(routeOf(judged, complex)).toBe('strong')
  expect(routeOf({ ...judged, judgedFrom: undefined }, unsure)).toBe('cheap')
  expect(routeOf({ judgedFrom: 0.3 }, unsure)).toBe('cheap')
  expect(routeOf({ ...judged, strategy: 'claude_only' }, unsure)).toBe('cheap')
  expect(routeOf({ ...judged, rule: { reason: 'rule: 1', threshold: 0.2 } }, unsure)).toBe('cheap')
  const untrusted = { ...local, card: cardOf({ summarization: 'full' }) } as Circumstances['local']
  expect(routeOf({ ...judged, local: untrusted }, unsure)).toBe('cheap')
  expect(routeOf(judged, { ...unsure, sensitive: true })).toBe('strong')
})

test('asks no judge for what is surely simple', () => {
  const local = { ...USUAL.local, judges: true } as Circumstances['local']
  const { targets } = decide(plain, { ...simple, score: 0.01 }, { ...USUAL, local, judgedFrom: 0.3 })
  expect(targets[0]).toEqual({ provider: 'local', model: 'tiny-model' })
})

test('never keeps tools, and gives them to the cheap Claude model only where the operator says so', () => {
  const tools = { ...plain, usesTools: true }
  expect(routeOf({}, simple, tools)).toBe('strong')
  expect(routeOf({ simpleToolTurns: 'cheap' }, simple, tools)).toBe('cheap')
  expect(routeOf({ simpleToolTurns: 'cheap' }, complex, tools)).toBe('strong')
  expect(decide(tools, simple, USUAL)).toMatchObject({
    task: 'tool_use',
    score: 1,
    complex: true,
    zone: 'complex',
  })
})

test('keeps what may do harm away from the local model, however simple', () => {
  expect(routeOf({}, { ...simple, sensitive: true })).toBe('strong')
  expect(routeOf({ strategy: 'local_only' }, { ...simple, sensitive: true })).toBe('local')
})

test('sends simple tasks that the local model is not trusted with to Claude, if there is one', () => {
  const local = {
    model: 'tiny-model',
    card: cardOf({ summarization: 'full' }),
    maxInputTokens: 1_000,
  } as const
  expect(routeOf({ local })).toBe('cheap')
  expect(routeOf({ local }, { ...simple, simpleTask: 'summarization' })).toBe('local, cheap')
  expect(routeOf({ local, claude: { ...USUAL.claude, configured: false } })).toBe('local, cheap')
  expect(routeOf({ local, strategy: 'local_fallback' })).toBe('local, cheap')
})

test('refuses what only the local model can give where Claude would answer', () => {
  expect(routeOf({ localOnlyFeature: 'logprobs' })).toBe('local')
  expect(routeOf({ localOnlyFeature: 'logprobs' }, complex)).toBe('400')
})

test('asks no judge where only the local model can give what is wanted: nobody would take what it declines', () => {
  const local = { ...USUAL.local, judges: true } as Circumstances['local']
  const wanted = { ...USUAL, local, judgedFrom: 0.3, localOnlyFeature: 'logprobs' }
  const { targets } = decide(plain, { ...simple, score: 0.1 }, wanted)
  expect(targets).toEqual([{ provider: 'local', model: 'tiny-model' }])
  expect(decide(plain, { ...complex, score: 0.5 }, wanted).rejection?.code).toBe('invalid_request')
})

test('gives fixed phrases as reasons', () => {
  const reasonOf = (change: Partial<Circumstances>, verdict = simple, features: Features = plain) =>
    decide(features, verdict, { ...USUAL, ...change }).reason
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
    card: { trust: uniformTrust('full'), languages: ['en'], maxTemperature: null, exam: null },
    maxInputTokens: 1_000,
  }
  const korean = featuresOf(ask('안녕하세요'))
  expect(routeOf({ local: english }, simple, korean)).toBe('cheap')
  expect(routeOf({ local: english }, simple)).toBe('local, cheap')
  expect(routeOf({}, simple, korean)).toBe('local, cheap')
  const alone = { configured: false, model: 'strong', simpleModel: 'cheap' }
  expect(routeOf({ local: english, claude: alone }, simple, korean)).toBe('local, cheap')
  expect(routeOf({ local: english, strategy: 'local_only' }, simple, korean)).toBe('local')
})

const small = { model: 'tiny-model', card: cardOf({ simple_chat: 'set_phrases' }), maxInputTokens: 1_000 }
const after = (...texts: string[]) =>
  featuresOf(
    ask('', {
      messages: [...texts, 'Thank you'].map((content, at) => ({
        role: at % 2 === 0 ? 'user' : 'assistant',
        content,
      })),
    }),
  )

test('gives a model that is trusted with set phrases nothing else', () => {
  expect(routeOf({ local: small }, simple, featuresOf(ask('Good morning!')))).toBe('local, cheap')
  for (const text of ['Tell me a joke', 'Who are you?', 'Do you like cats?', 'cool, and what do you eat?'])
    expect(routeOf({ local: small }, simple, featuresOf(ask(text))), text).toBe('cheap')
})

test('gives it a set phrase only where nothing that was said before matters', () => {
  expect(routeOf({ local: small }, simple, after('Hello!', 'Hi, how can I help?'))).toBe('local, cheap')
  expect(routeOf({ local: small }, simple, after('Book me a table', 'I cannot book tables.'))).toBe('cheap')
  expect(routeOf({ local: small }, simple, after('Write to his bank', 'Dear Sir, …'))).toBe('cheap')
})

test('keeps danger from every local model, however much it is trusted', () => {
  for (const text of [
    'I think I am having a heart attack',
    'I feel like killing my boss',
    'Did you know I took 40 tylenols',
  ]) {
    const decision = decide(featuresOf(ask(text)), simple, USUAL)
    expect(decision.targets, text).toEqual([{ provider: 'claude', model: 'strong' }])
    expect(decision).toMatchObject({ guard: 'guarded: safety', reason: 'hybrid: guarded: safety' })
  }
})

test('sends what chat clients ask beside a conversation to the cheap model', () => {
  const side = [
    '### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.\n<chat_history>prove it</chat_history>',
    '### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat history.',
    '### Task:\nSuggest 3-5 relevant follow-up questions or prompts that the user might naturally ask next',
    '### Task:\nAnalyze the chat history to determine the necessity of generating search queries, in the given language.',
    '### Task:\nYou are an autocompletion system. Continue the text in `<text>`.',
    'Provide a concise, 5-word-or-less title for the conversation, using title case conventions.',
    'Please generate a concise, 5-word-or-less title for the conversation, using its same language, with no punctuation.',
    'Please generate a concise title (max 40 characters) for a conversation that starts with: hi',
    'Analyze this conversation and provide:\n1. The detected language of the conversation\n2. A concise title',
  ]
  for (const text of side) {
    const features = featuresOf(ask(text))
    expect(routeOf({}, complex, features), text).toBe('cheap')
    expect(routeOf({ sideRequestsLocal: true }, complex, features), text).toBe('local, cheap')
    expect(routeOf({ sideRequestsLocal: true, local: small }, complex, features), text).toBe('cheap')
  }
  for (const text of [
    '### Task:\nWrite a compiler.',
    '### Task:\nRespond to the user query using the provided context',
  ])
    expect(routeOf({}, complex, featuresOf(ask(text)))).toBe('strong')
  const inGerman = featuresOf(ask(side[0] ?? '', { system: 'Answer only in German.' }))
  expect(routeOf({ sideRequestsLocal: true }, complex, inGerman)).toBe('cheap')
})

test('asks the model that can do what is demanded, and the one that the client names whatever it can', () => {
  const forced = featuresOf(ask('Hello', { tools: [{ name: 'a' }], tool_choice: { type: 'any' } }))
  const claude = { configured: true, model: 'claude-sonnet-5-5', simpleModel: 'claude-haiku-5-5' }
  expect(routeOf({ claude }, complex, forced)).toBe('claude-haiku-5-5')
  expect(routeOf({ claude }, complex, featuresOf(ask('Hello', { tools: [{ name: 'a' }] })))).toBe(
    'claude-sonnet-5-5',
  )
  expect(routeOf({ claude, requestedModel: 'claude-sonnet-5-5' }, complex, forced)).toBe('claude-sonnet-5-5')
  const begun = featuresOf(
    ask('Hi', { messages: [...ask('Hi').messages, { role: 'assistant', content: '{' }] }),
  )
  const older = { ...claude, model: 'claude-sonnet-4-5' }
  expect(routeOf({ claude: older }, simple, begun)).toBe('claude-sonnet-4-5')
})

test('names the strong model for a request that the local model finds complex after all', () => {
  const modelsOf = (change: Partial<Circumstances>) => {
    const { claudeModel, complexModel } = decide(plain, simple, { ...USUAL, ...change })
    return [claudeModel, complexModel]
  }
  expect(modelsOf({})).toEqual(['cheap', 'strong'])
  expect(modelsOf({ requestedModel: 'claude-next' })).toEqual(['claude-next', 'claude-next'])
})

test('names a guard only where it kept the request from the local model', () => {
  const features = featuresOf(ask('I want to die'))
  const guardUnder = (change: Partial<Circumstances>) =>
    decide(features, simple, { ...USUAL, ...change }).guard
  expect(guardUnder({})).toBe('guarded: safety')
  expect(guardUnder({ strategy: 'local_fallback' })).toBeUndefined()
  expect(guardUnder({ strategy: 'local_only' })).toBeUndefined()
})
