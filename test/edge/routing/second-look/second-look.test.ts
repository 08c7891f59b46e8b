/** A second look over the wire: when it is taken, what it is shown, what it changes, and that whatever fails means Claude. */
import { createServer, type RequestListener } from 'node:http'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { combineScores } from '../../../../edge/routing/second-look/combination.ts'
import { createDecisionServer } from '../../../../edge/routing/second-look/decision-model.ts'
import { complexQuestion } from '../../../../edge/routing/second-look/question.ts'
import { createSecondLook } from '../../../../edge/routing/second-look/second-look.ts'
import { parseDecisionRequest } from '../../../../shared/decision-model.ts'
import {
  ALICE_KEY,
  CLAUDE_TEXT,
  COMPLEX_PROMPT,
  LOCAL_TEXT,
  SIMPLE_PROMPT,
} from '../../../support/edge/canaries.ts'
import { collectLog, loggedLines } from '../../../support/edge/log-collector.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask, createTestRouter } from '../../../support/edge/router.ts'
import { claude, DECISIONS_URL, decisions, readiness, ready } from '../../../support/edge/upstreams.ts'
import { scriptedContainer } from '../../../support/scripted-container.ts'

/** Every request is unsure to the edge whose score is below what is surely complex. */
const SETTINGS = {
  ROUTER_THRESHOLD: '0',
  JUDGE_THRESHOLD: '0.4',
  SECOND_LOOK_URL: DECISIONS_URL,
  SECOND_LOOK_KEY: 'canary-local-secret-second',
  CACHE_TTL_SECONDS: '0',
}
const says = (probability: unknown) => () =>
  Response.json({ model: 'clef', answers: { complex: { type: 'noul', noul: probability } } })

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** Returns the address of a server on this machine. */
async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

test('what a second look finds simple is answered locally, what it finds complex by the strong model', async () => {
  const router = await createTestRouter(SETTINGS)
  decisions.answer(says(0.01))
  const kept = await router.post(ask())
  expect(await kept.text()).toContain(LOCAL_TEXT)
  expect(kept.headers.get('x-router-judge-score')).toBe('0.010')
  expect(kept.headers.get('x-router-reason')).toBe('hybrid: simple task')
  expect(loggedLines().at(-1)?.fields).toMatchObject({ route: 'local', judgeScore: 0.01 })
  decisions.answer(says(0.99))
  const sent = await router.post(ask())
  expect(await sent.text()).toContain(CLAUDE_TEXT)
  expect(sent.headers.get('x-router-reason')).toBe('hybrid: complex task')
  expect(JSON.parse(claude.hits[0]?.text ?? '').model).toBe('claude-sonnet-5-5')
})

test('the score that decides is that of both together', async () => {
  const plain = await createTestRouter({ ...SETTINGS, SECOND_LOOK_URL: '', SECOND_LOOK_KEY: '' })
  const edge = Number((await plain.post(ask())).headers.get('x-router-score'))
  decisions.answer(says(0.3))
  const router = await createTestRouter(SETTINGS)
  const response = await router.post(ask())
  expect(Number(response.headers.get('x-router-score'))).toBeCloseTo(combineScores(edge, 0.3), 1)
})

test('asks one question of the protocol, with its key, about the end of the conversation', async () => {
  decisions.answer(says(0.01))
  const router = await createTestRouter({ ...SETTINGS, SECOND_LOOK_MODEL: 'clef-flash' })
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi there' },
    { role: 'user', content: SIMPLE_PROMPT },
  ]
  await router.post(ask('', { system: 'Be kind.', messages, metadata: { user_id: 'someone' } }))
  const [hit] = decisions.hits
  expect(hit?.headers.get('x-api-key')).toBe('canary-local-secret-second')
  const sent: unknown = JSON.parse(hit?.text ?? '')
  expect(parseDecisionRequest(sent)).toEqual({
    model: 'clef-flash',
    state: { system: 'Be kind.', messages },
    questions: { complex: expect.objectContaining({ type: 'noul' }) },
  })
})

test('shows a bounded part of any conversation', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30_000 }), (turns, length) => {
      const content = 'é '.repeat(length)
      const messages = Array.from({ length: 2 * turns + 1 }, (_, at) => ({
        role: at % 2 === 0 ? 'user' : 'assistant',
        content: `x${content}`,
      }))
      const question = complexQuestion(featuresOf(ask('', { messages, system: content })))
      expect(JSON.stringify(question).length).toBeLessThan(5_000)
      expect(parseDecisionRequest(question)).toEqual(question)
    }),
    { numRuns: 30 },
  )
})

test.each([
  ['refuses', () => new Response('internals-canary', { status: 500 })],
  ['cannot be reached', () => Response.error()],
  ['answers with no JSON', () => new Response('<html>')],
  [
    'answers another question',
    () => Response.json({ model: 'x', answers: { other: { type: 'noul', noul: 0 } } }),
  ],
  ['answers in another way', () => Response.json({ model: 'x', answers: { complex: 0.1 } })],
  ['gives no probability', says(1.5)],
  ['gives a text', says('0.1')],
  ['is silent', () => new Promise<Response>(() => {})],
])('a second look that %s means Claude, and is asked once', async (_, responder) => {
  decisions.answer(responder)
  const router = await createTestRouter({ ...SETTINGS, SECOND_LOOK_MS: '50' })
  const response = await router.post(ask())
  expect(await response.text()).toContain(CLAUDE_TEXT)
  expect(response.headers.get('x-router-reason')).toBe('hybrid: unsure, no second look')
  expect(response.headers.has('x-router-judge-score')).toBe(false)
  expect(decisions.hits).toHaveLength(1)
})

test('a sick second look is left alone for some seconds, then tried by one request', async () => {
  decisions.answer(() => new Response(null, { status: 500 }))
  const router = await createTestRouter(SETTINGS)
  for (let at = 0; at < 6; at++)
    expect((await router.post(ask())).headers.get('x-router-route')).toBe('claude')
  expect(decisions.hits).toHaveLength(3)
  router.advance(6_000)
  decisions.answer(says(0.01))
  expect((await router.post(ask())).headers.get('x-router-route')).toBe('local')
  expect((await router.post(ask())).headers.get('x-router-route')).toBe('local')
  expect(decisions.hits).toHaveLength(5)
})

test('nobody is asked where something else decides already', async () => {
  const router = await createTestRouter(SETTINGS)
  decisions.answer(says(0.01))
  for (const headers of [
    { 'x-router-privacy': 'local' },
    { 'x-router-force': 'local' },
    { 'x-router-force': 'claude' },
    { 'x-router-strategy': 'local_fallback' },
    { 'x-router-strategy': 'claude_only' },
    { 'x-router-strategy': 'local_only' },
  ])
    await router.post(ask(), headers)
  await router.post(ask(SIMPLE_PROMPT, { tools: [{ name: 'a', input_schema: { type: 'object' } }] }))
  await router.post(ask('I want to die'))
  await router.post(ask(SIMPLE_PROMPT, { model: 'local' }))
  const ruled = await createTestRouter({
    ...SETTINGS,
    ROUTER_RULES: '[{"when":{},"use":{"route":"claude"}}]',
  })
  await ruled.post(ask())
  const sure = await createTestRouter({ ...SETTINGS, ROUTER_THRESHOLD: '' })
  expect((await sure.post(ask('Hello!'))).headers.get('x-router-route')).toBe('local')
  expect((await sure.post(ask(COMPLEX_PROMPT))).headers.get('x-router-route')).toBe('claude')
  expect(decisions.hits.map(({ text }) => text)).toEqual([])
})

test('chooses between the Claude models, too, where the local model is not trusted with the task', async () => {
  readiness.answer(() => ready({ card: null }))
  decisions.answer(says(0.001))
  const router = await createTestRouter({ ...SETTINGS, LOCAL_TASKS: 'summarization' })
  await router.post(ask('What is the capital of France?'))
  expect(decisions.hits).toHaveLength(1)
  expect(JSON.parse(claude.hits[0]?.text ?? '').model).toBe('claude-haiku-5-5')
})

test('the container’s judge is not asked beside it', async () => {
  readiness.answer(() => ready({ judge: { model: 'tiny-model', head: 'abc' } }))
  decisions.answer(says(0.01))
  const router = await createTestRouter(SETTINGS)
  const response = await router.post(ask())
  expect(response.headers.get('x-router-reason')).toBe('hybrid: simple task')
})

test('explain takes the same look, and tells what it said', async () => {
  decisions.answer(says(0.25))
  const router = await createTestRouter(SETTINGS)
  const response = await router.request('/v1/router/explain', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': ALICE_KEY },
    body: JSON.stringify(ask()),
  })
  expect(await response.json()).toMatchObject({ judgeScore: 0.25 })
})

test('asks a model of Workers AI by its binding', async () => {
  const asked: [string, Record<string, unknown>][] = []
  const workersAi = {
    run: async (model: string, inputs: Record<string, unknown>) => {
      asked.push([model, inputs])
      return { answers: { complex: { type: 'noul', noul: 0.01 } } }
    },
  }
  const settings = {
    ...SETTINGS,
    SECOND_LOOK_URL: 'workers-ai:@cf/cloudflare/clef-flash',
    SECOND_LOOK_KEY: '',
  }
  const router = await createTestRouter({ ...settings }, { workersAi })
  expect((await router.post(ask())).headers.get('x-router-route')).toBe('local')
  expect(asked).toEqual([
    ['@cf/cloudflare/clef-flash', { state: expect.anything(), questions: expect.anything() }],
  ])
})

test('our own container is such a model', async () => {
  const { app } = scriptedContainer({
    script: { words: [], judge: (text) => (text === SIMPLE_PROMPT ? 0.25 : 1) },
    limits: () => ({ maxInputTokens: 100, maxOutputTokens: 8 }),
  })
  const decisionServer = createDecisionServer({
    url: 'http://localhost',
    key: undefined,
    model: 'any',
    fetch: async (url, init) => app.request(url, init),
  })
  const look = createSecondLook({ ask: decisionServer, timeoutMs: 1_000, log: collectLog, now: () => 0 })
  expect(await look.ask(featuresOf(ask()), new AbortController().signal)).toBe(0.25)
})

test('over a real connection: an answer, one that comes too late, and a client that leaves', async () => {
  let late = false
  let closed = 0
  const url = await listen((request, response) => {
    response.on('close', () => closed++)
    request.resume().on('end', () => {
      if (late) return
      response.setHeader('content-type', 'application/json')
      response.end('{"model":"x","answers":{"complex":{"type":"noul","noul":0.5}}}')
    })
  })
  const decisionServer = createDecisionServer({ url, key: undefined, model: undefined, fetch })
  const within = (timeoutMs: number) =>
    createSecondLook({ ask: decisionServer, timeoutMs, log: collectLog, now: () => 0 })
  const patient = within(60_000)
  const client = new AbortController()
  expect(await patient.ask(featuresOf(ask()), client.signal)).toBe(0.5)
  late = true
  expect(await within(300).ask(featuresOf(ask()), client.signal)).toBeUndefined()
  expect(loggedLines()).toMatchObject([{ message: '[Router] No second look', fields: { error: 'timeout' } }])
  const left = patient.ask(featuresOf(ask()), client.signal)
  client.abort()
  expect(await left).toBeUndefined()
  expect(loggedLines()).toHaveLength(1)
  await expect.poll(() => closed).toBeGreaterThanOrEqual(2)
})
