/**
 * What would change a decision: everything that is said of headers, settings and requests is done to a whole router, and
 * the request must then go where it was said to go. Scores: `other-scores.test.ts`.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WouldChange } from '../../../edge/explanation/what-would-change.ts'
import { explanationSchema } from '../../../edge/http/explanation-schema.ts'
import { type ModelCard, uniformTrust } from '../../../shared/model-card.ts'
import {
  ALICE_KEY,
  CLAUDE_KEY,
  COMPLEX_PROMPT,
  LOCAL_SECRET,
  SIMPLE_PROMPT,
} from '../../support/edge/canaries.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import {
  claude,
  container,
  DECISIONS_URL,
  decisions,
  readiness,
  ready,
} from '../../support/edge/upstreams.ts'

type Body = Readonly<Record<string, unknown>>
type Asked = {
  readonly body: Body
  readonly headers: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
}

const turns = [
  { role: 'user', content: 'Prove that there are infinitely many primes.' },
  { role: 'assistant', content: 'Suppose there were finitely many. Multiply them and add one.' },
  { role: 'user', content: 'Thanks!' },
]
const TOOL = { name: 'get_weather', input_schema: { type: 'object' } }
const IMAGE = { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } }
const BODIES: Readonly<Record<string, Body>> = {
  greeting: ask(SIMPLE_PROMPT),
  complex: ask(COMPLEX_PROMPT),
  question: ask('What is the capital of France?'),
  proof: ask('Prove that the square root of 2 is irrational.'),
  tools: ask('Hello!', { tools: [TOOL] }),
  'a forced tool': ask('Hello!', { tools: [TOOL], tool_choice: { type: 'any' } }),
  image: ask('', { messages: [{ role: 'user', content: [IMAGE, { type: 'text', text: 'Hello!' }] }] }),
  thinking: ask('Hello!', { thinking: { type: 'enabled', budget_tokens: 2_048 }, max_tokens: 4_096 }),
  schema: ask('Hello!', { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } }),
  'unknown field': ask('Hello!', { unheard_of: true }),
  'no tokens': ask('Hello!', { max_tokens: 0 }),
  prefill: ask('', {
    messages: [
      { role: 'user', content: 'Hello!' },
      { role: 'assistant', content: 'He' },
    ],
  }),
  long: ask(`Summarize this: ${'The harbour was quiet that night. '.repeat(120)}`),
  'system prompt': ask('Hello!', { system: 'Always answer in JSON.' }),
  conversation: ask('', { messages: turns }),
  'a concrete model': ask('Hello!', { model: 'claude-opus-5-5' }),
  'the local model': ask(COMPLEX_PROMPT, { model: 'local' }),
}
const HEADERS: Readonly<Record<string, Record<string, string>>> = {
  none: {},
  'forced to Claude': { 'x-router-force': 'claude' },
  'forced to the local model': { 'x-router-force': 'local' },
  private: { 'x-router-privacy': 'local' },
  session: { 'x-claude-code-session-id': 'a' },
}
const SETTINGS: Readonly<Record<string, Record<string, string>>> = {
  hybrid: {},
  claude_only: { LLM_STRATEGY: 'claude_only' },
  local_fallback: { LLM_STRATEGY: 'local_fallback' },
  local_only: { LLM_STRATEGY: 'local_only' },
  'no local model': { LOCAL_LLM_ENABLED: 'false' },
  'no key': { ANTHROPIC_API_KEY: '' },
  rules: {
    ROUTER_RULES: JSON.stringify([
      { name: 'questions', when: { task: ['simple_qa'] }, use: { route: 'claude' } },
      { name: 'code', when: { task: ['code_generation'] }, use: { threshold: 1 } },
      { name: 'rest', when: {}, use: { tier: 'strong' } },
    ]),
  },
  'few models': { ROUTED_MODELS: 'claude-haiku-*' },
  'a second look': {
    SECOND_LOOK_URL: DECISIONS_URL,
    SECOND_LOOK_KEY: LOCAL_SECRET,
    ROUTER_THRESHOLD: '0.01',
  },
  'a rare threshold': { ROUTER_THRESHOLD: '0.9', STRONG_THRESHOLD: '0.95', SIMPLE_TOOL_TURNS: 'cheap' },
}
const SMALL_TALK: ModelCard = {
  trust: { ...uniformTrust('none'), simple_chat: 'set_phrases' },
  languages: ['en'],
  maxTemperature: null,
  exam: null,
}
const SERVERS = {
  trusted: ready,
  'trusted with small talk': () => ready({ card: SMALL_TALK }),
  judging: () => ready({ judge: { model: 'tiny-model', head: 'abc' } }),
}
const saysComplex = (probability: number) =>
  Response.json({ model: 'clef', answers: { complex: { type: 'noul', noul: probability } } })

async function explain({ body, headers, settings }: Asked) {
  const router = await createTestRouter(settings)
  const response = await router.post(body, headers, { path: '/v1/router/explain' })
  if (response.status !== 200) throw new Error(await response.text())
  return explanationSchema.parse(await response.json())
}

test('every change of headers, settings and requests does what is said of it', async () => {
  let verified = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.values(BODIES)),
      fc.constantFrom(...Object.values(HEADERS)),
      fc.constantFrom(...Object.values(SETTINGS)),
      fc.constantFrom(...Object.values(SERVERS)),
      fc.constantFrom(0.01, 0.3, 0.99),
      async (body, headers, settings, server, secondLook) => {
        readiness.answer(() => server())
        decisions.answer(() => saysComplex(secondLook))
        const asked = { body, headers, settings }
        const now = await explain(asked)
        for (const change of now.whatWouldChange.filter(({ by }) => by !== 'score')) {
          const { route, targets, reason } = await explain(applied(change, asked))
          const context = `${change.statement} ${JSON.stringify(asked).slice(0, 300)}`
          expect({ route, model: targets[0]?.model, reason }, context).toEqual({
            route: change.route,
            model: change.model,
            reason: change.reason,
          })
          expect([route, targets[0]?.model], context).not.toEqual([now.route, now.targets[0]?.model])
          verified++
        }
      },
    ),
    { numRuns: 100 },
  )
  expect(verified).toBeGreaterThan(50)
  expect(claude.hits.length + container.hits.length).toBe(0)
})

/** Does to a request or a router what a change says, by the words that it is told in. */
function applied({ by, change }: WouldChange, { body, headers, settings }: Asked): Asked {
  if (by === 'setting') return { body, headers, settings: { ...settings, ...settingOf(change) } }
  if (by === 'request') return { headers, settings, body: requestOf(change, body) }
  const [name = '', value] = change.replace('without ', '').split(': ')
  const { [name]: _, ...others } = headers
  return { body, settings, headers: value === undefined ? others : { ...others, [name]: value } }
}

function settingOf(change: string): Record<string, string> {
  if (change === 'ANTHROPIC_API_KEY') return { ANTHROPIC_API_KEY: CLAUDE_KEY }
  const [name = '', value = ''] = change.replace('without ', '').split('=')
  return { [name]: value }
}

function requestOf(change: string, body: Body): Body {
  const { tools, tool_choice, thinking, output_config, unheard_of, system, ...rest } = body
  const messages = Array.isArray(body.messages) ? body.messages : []
  if (change.startsWith('at most')) return ask('Summarize this: The harbour was quiet that night.')
  switch (change.replace(/ \(.*/, '')) {
    case 'model "auto"':
      return { ...body, model: 'auto' }
    case 'without tools':
      return { ...rest, ...(thinking === undefined ? {} : { thinking }) }
    case 'without content other than text':
      return ask('Hello!')
    case 'without thinking':
    case 'without a demanded form of the answer':
    case 'without fields that the router does not know':
    case 'without a system prompt':
      return rest
    case 'max_tokens of at least 1':
      return { ...body, max_tokens: 1 }
    case 'without the beginning of an answer':
      return { ...body, messages: messages.slice(0, -1) }
    case 'without the conversation before':
      return { ...body, messages: messages.slice(-1) }
    default:
      throw new Error(`nobody knows how to do this: ${change}`)
  }
}

test('tells only of what a key may do', async () => {
  const forbid = ['force', 'strategy']
  const settings = { ROUTER_KEYS: JSON.stringify([{ id: 'alice', key: ALICE_KEY, forbid }]) }
  const { whatWouldChange } = await explain({ body: ask(COMPLEX_PROMPT), headers: {}, settings })
  expect(whatWouldChange.length).toBeGreaterThan(0)
  expect(whatWouldChange.filter(({ by }) => by === 'header')).toEqual([])
})

test('says it in sentences', async () => {
  const { whatWouldChange } = await explain({ body: BODIES.tools ?? {}, headers: {}, settings: {} })
  expect(whatWouldChange.map(({ statement }) => statement)).toEqual([
    'With SIMPLE_TOOL_TURNS=cheap it would go to Claude (claude-haiku-5-5).',
    'Without tools it would go to the local model (tiny-model).',
  ])
})
