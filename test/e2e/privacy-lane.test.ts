/**
 * x-router-privacy: local is never sent to Claude: not a byte, on no endpoint, whatever fails, is full, is unsure or cannot be
 * done on the local side, and whatever else would ask Claude. Counted at the socket of Claude's stand-in. Real sockets, real
 * workerd.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FAILS_AFTER_FIRST_WORD, FAILS_BEFORE_FIRST_WORD } from '../support/container-faults.ts'
import { eventually } from '../support/processes.ts'
import { type RunningProgram, startEdge } from '../support/stack.ts'
import {
  type AskOptions,
  COMPLEX,
  createClient,
  messagesBody,
  type Reply,
  SIMPLE,
  UNSURE_SIMPLE,
} from '../support/stack-client.ts'
import { type Contact, type Script, startUpstream, type Upstream } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  claudeAnswers,
  LOCAL_ANSWER,
  LOCAL_MODEL_NAME,
  LOCAL_SECRET,
  localAnswers,
} from '../support/upstream-messages.ts'
import { pause, respond } from '../support/upstream-steps.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const KEYS = {
  alice: 'key-of-alice-0123456789',
  refused: 'key-of-refused-0123456789',
  cheaper: 'key-of-cheaper-0123456789',
  localised: 'key-of-localised-0123456789',
}
const PRIVATE = { 'x-router-privacy': 'local' }
const PRIVATE_ALICE = { ...PRIVATE, 'x-api-key': KEYS.alice }

let container: Upstream
let claude: Upstream
let secondLook: Upstream
let edge: RunningProgram
let client: ReturnType<typeof createClient>
let before: readonly Contact[]
/** What the container says when it is asked whether it is ready. */
let readiness: Script = respond(503, '{"status":"loading"}', { 'retry-after': '1' })

beforeAll(async () => {
  container = await startUpstream({
    usual: localAnswers,
    other: [
      async (exchange) => {
        for (const step of readiness) await step(exchange)
      },
    ],
  })
  claude = await startUpstream({ usual: claudeAnswers, other: respond(200, '{"data":[]}') })
  secondLook = await startUpstream({ usual: respond(200, '{}'), other: [], path: '/v1/systemone' })
  const used = (onBudget: string) => ({ tenant: { tokensPerDay: 1 }, onBudget })
  edge = await startEdge({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: container.url,
    LOCAL_LLM_SECRET: LOCAL_SECRET,
    LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification',
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    ALLOW_ANONYMOUS: '',
    ROUTER_KEYS: Object.entries(KEYS)
      .map(([name, key]) => `${name}:${key}`)
      .join(','),
    ADMIN_KEY,
    LIMITS: JSON.stringify({
      refused: used('refuse'),
      cheaper: used('cheaper'),
      localised: used('local'),
    }),
    // Everything that asks Claude beside or in the place of the local model.
    HEDGE: '100%:20ms',
    FALLBACK_BUDGET: '1/day:cheap',
    SECOND_LOOK_URL: secondLook.url,
    ROUTER_RULES: JSON.stringify([{ when: { lastTurnContains: 'by a rule' }, use: { route: 'claude' } }]),
    LOCAL_HEADERS_MS: '400',
    LOCAL_FIRST_CONTENT_MS: '400',
    LOCAL_IDLE_MS: '400',
    LOCAL_TIMEOUT_MS: '4000',
  })
  client = createClient(edge.url)
})
afterAll(async () => {
  await edge?.stop()
  await Promise.all([container, claude, secondLook].map((upstream) => upstream?.close()))
})
beforeEach(() => {
  before = contacts()
})
afterEach(() => {
  container.reset()
  claude.reset()
})

test('F19 F66 while the model is loaded a private request is refused', async () => {
  expectLocalFailure(await ask(SIMPLE))
  expectLocalFailure(await ask(SIMPLE, { stream: true }))
  readiness = respond(
    200,
    JSON.stringify({
      status: 'ready',
      model: LOCAL_MODEL_NAME,
      maxInputTokens: 1024,
      judge: {},
      handover: true,
      verification: { tasks: ['simple_chat', 'simple_qa'] },
    }),
  )
  await recover()
  expectNothingSent()
})

const declines = (status: number, type: string, headers: Readonly<Record<string, string>> = {}) =>
  respond(status, JSON.stringify({ type: 'error', error: { type, message: 'of the container' } }), {
    'content-type': 'application/json',
    'x-queue-depth': '1',
    ...headers,
  })

const { emptyAnswer: _, ...beforeFirstWord } = FAILS_BEFORE_FIRST_WORD
const faults: readonly (readonly [string, Script])[] = [
  ...Object.entries(beforeFirstWord).map(
    ([name, script]) => [`before its first word: ${name}`, script] as const,
  ),
  ...Object.entries(FAILS_AFTER_FIRST_WORD).map(
    ([name, script]) => [`after its first word: ${name}`, script] as const,
  ),
  ['wrong secret', declines(401, 'authentication_error')],
  ['judged complex', declines(409, 'judged_complex')],
  ['low confidence', declines(409, 'low_confidence')],
  ['a feature that it has not', declines(400, 'invalid_request_error')],
  ['full', declines(429, 'rate_limit_error', { 'retry-after': '1' })],
  ['restarting', declines(503, 'overloaded_error', { 'retry-after': '1' })],
]

test.each(faults)('F66 the container fails, %s: the client is told, Claude is not', async (name, script) => {
  // Not more than two, so that the breaker, which opens at three, lets the next ones find the container as it is.
  const arrive = meeting(2)
  container.next([arrive, ...script], [arrive, ...script])
  const index = faults.findIndex(([other]) => other === name)
  const stream = index % 2 === 0
  const other = index % 4 < 2 ? chat : respondTo
  const replies = [ask(unique(), { stream }), other(unique(), { stream: !stream })]
  expectFailures(await Promise.all(replies))
  await recover()
  expectNothingSent()
})

test('F66 an empty answer is the client’s', async () => {
  container.next(FAILS_BEFORE_FIRST_WORD.emptyAnswer)
  expect((await ask(unique())).headers.get('x-router-route')).toBe('local')
  expectNothingSent()
})

const requests: readonly (readonly [string, Body, Readonly<Record<string, string>>?])[] = [
  ['a complex task', { messages: turn(COMPLEX) }],
  ['what the edge is unsure of', { messages: turn(UNSURE_SIMPLE) }],
  ['a rule for Claude', { messages: turn('Hello, by a rule!') }],
  ['a model of Claude’s', { model: 'claude-opus-5-5' }],
  ['claude-auto', { model: 'claude-auto' }],
  ['a tool', { tools: [{ name: 'f', input_schema: { type: 'object' } }] }],
  ['a server’s tool', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
  ['an image', { messages: turn([image(), { type: 'text', text: 'Hello!' }]) }],
  [
    'a document',
    { messages: turn([{ type: 'document', source: { type: 'url', url: 'https://a.example/b.pdf' } }]) },
  ],
  ['thinking', { max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 2_000 } }],
  ['a field that is not known', { compaction: { on: true } }],
  ['a text that is too long', { messages: turn('a long story '.repeat(3_000)) }],
  ['a prompt cache to be filled', { max_tokens: 0 }],
  ['danger', { messages: turn('I think I am having a heart attack') }],
  ['a title for a chat', { messages: turn('### Task:\nGenerate a concise, 3-5 word title.') }],
  ['an agent’s session', {}, { 'x-claude-code-session-id': 'session-1' }],
  ['a session of the router', {}, { 'x-router-session': 'session-1' }],
  ...['claude_only', 'hybrid', 'local_fallback', 'local_only'].map(
    (strategy) => [`the strategy ${strategy}`, {}, { 'x-router-strategy': strategy }] as const,
  ),
  ['a forced local model', {}, { 'x-router-force': 'local' }],
  ['a forced Claude', {}, { 'x-router-force': 'claude' }],
  ['a value that no privacy has', {}, { 'x-router-privacy': 'LOCAL, please' }],
  ['an empty privacy', {}, { 'x-router-privacy': '' }],
  ...(['refused', 'cheaper', 'localised'] as const).map(
    (name) => [`a budget that is used up, ${name}`, {}, { 'x-api-key': KEYS[name] }] as const,
  ),
]

test.each(requests.map(([what, fields, headers = {}]) => [what, fields, headers] as const))(
  'F66 %s is answered by the local model or by nobody',
  async (_, fields, headers) => {
    for (const stream of [false, true]) {
      // The first of a tenant uses its budget up, the second meets its end.
      for (let count = 0; count < 2; count++) {
        const reply = await ask(unique(), {
          fields: { ...fields, stream },
          headers: { ...PRIVATE_ALICE, ...headers },
        })
        expect(reply.headers.get('x-router-route')).not.toBe('claude')
        expectNothingOfClaude(reply)
        if (reply.status < 300) expect(reply.body).toContain(LOCAL_ANSWER.model)
      }
    }
    expectNothingSent()
  },
)

test('F66 a slow container is waited for, where any other request is hedged', async () => {
  const slowly: Script = [pause(150), ...localAnswers]
  container.next(slowly, slowly)
  for (const stream of [false, true]) {
    const reply = await ask(unique(), { stream })
    expect(reply.headers.get('x-router-route')).toBe('local')
  }
  expectNothingSent()
})

test('F66 an answer that Claude gave before is not given to a private request', async () => {
  const question = `${COMPLEX} Kept.`
  const open = { headers: { 'x-api-key': KEYS.alice } }
  expect((await client.ask(question, open)).headers.get('x-router-route')).toBe('claude')
  expect((await client.ask(question, open)).headers.get('x-router-cache')).toBe('hit')
  before = contacts()
  const reply = await ask(question, { headers: PRIVATE_ALICE })
  expect(reply.headers.get('x-router-route')).toBe('local')
  expectNothingOfClaude(reply)
  expectNothingSent()
})

describe('every endpoint of /openapi.json', () => {
  test('F66 sends nothing while the container is well, and everything that may without the header', async () => {
    await askEverywhere(PRIVATE)
    expectNothingSent()
    const asked = await Promise.all(
      ASK_CLAUDE.map(async ([path, body]) => {
        const from = claude.contact().connections
        await send(body === undefined ? 'GET' : 'POST', path, {}, body)
        return [path, claude.contact().connections > from]
      }),
    )
    expect(asked).toEqual(ASK_CLAUDE.map(([path]) => [path, true]))
  })

  // The last one: the breaker stays open for longer than a test should wait.
  test('F1 F66 sends nothing while the container refuses connections', async () => {
    await container.close()
    for (let count = 0; count < 4; count++)
      expectLocalFailure(await ask(unique(), { stream: count % 2 === 0 }))
    await askEverywhere(PRIVATE)
    expectNothingSent()
    await container.reopen()
  })
})

type Body = Readonly<Record<string, unknown>>

const CHAT_BODY = { model: 'auto', messages: [{ role: 'user', content: COMPLEX }] }
const BATCH = { custom_id: 'a', params: { ...JSON.parse(messagesBody(COMPLEX)), model: 'claude-haiku-5-5' } }
/** Bodies of what takes no message. */
const BODIES: Readonly<Record<string, Body>> = {
  '/v1/chat/completions': CHAT_BODY,
  '/v1/responses': { model: 'auto', input: COMPLEX },
  '/v1/responses/input_tokens': { model: 'auto', input: COMPLEX },
  '/v1/messages/batches': { requests: [BATCH] },
}
/** Each has to be asked of Claude where nothing is private. */
const ASK_CLAUDE: readonly (readonly [string, Body?])[] = [
  ['/v1/messages', JSON.parse(messagesBody(COMPLEX))],
  ['/messages', JSON.parse(messagesBody(COMPLEX))],
  ['/v1/messages/count_tokens', JSON.parse(messagesBody(COMPLEX))],
  ['/v1/chat/completions', CHAT_BODY],
  ['/v1/responses', { model: 'auto', input: COMPLEX }],
  ['/v1/responses/input_tokens', { model: 'auto', input: COMPLEX }],
  ['/v1/messages/batches', { requests: [BATCH] }],
  ['/v1/models'],
]

async function askEverywhere(headers: Readonly<Record<string, string>>): Promise<void> {
  const document: { paths: Record<string, Record<string, unknown>> } = JSON.parse(
    (await client.get('/openapi.json')).body,
  )
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  )
  expect(operations.length).toBeGreaterThan(20)
  for (const [method, path] of operations) {
    const body =
      method === 'GET' || method === 'DELETE'
        ? undefined
        : (BODIES[path] ?? JSON.parse(messagesBody(COMPLEX)))
    for (const place of [path, path.replace(/^\/v1/, '')])
      expectNothingOfClaude(
        await send(method, place.replaceAll(/\{\w+\}/g, 'msgbatch_0123456789'), headers, body),
      )
  }
  expect(await strategyInForce()).toBe('hybrid')
}

async function strategyInForce(): Promise<unknown> {
  return JSON.parse((await client.get('/v1/router/status', { 'x-api-key': ADMIN_KEY })).body).strategy
}

async function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: Body,
): Promise<Reply> {
  const response = await fetch(`${edge.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'x-api-key': ADMIN_KEY,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

function ask(text: string, options: AskOptions = {}): Promise<Reply> {
  return client.ask(text, { headers: PRIVATE_ALICE, ...options })
}

function chat(text: string, options: AskOptions = {}): Promise<Reply> {
  return client.ask(text, { headers: PRIVATE_ALICE, path: '/v1/chat/completions', ...options })
}

function respondTo(text: string, { stream }: AskOptions): Promise<Reply> {
  return send('POST', '/v1/responses', PRIVATE_ALICE, { model: 'auto', input: text, stream })
}

/** Waits until the local model answers again, and often enough that the breaker forgets what was. */
async function recover(): Promise<void> {
  container.reset()
  const isLocal = async () => (await ask(unique())).headers.get('x-router-route') === 'local'
  await eventually('the local model answers again', isLocal)
  await Promise.all([isLocal(), isLocal()])
}

/** Returns a step that waits until so many requests have arrived: what one is told may keep the edge from sending the next. */
function meeting(size: number): Script[number] {
  const complete = Promise.withResolvers<void>()
  let arrived = 0
  return () => {
    arrived++
    if (arrived === size) complete.resolve()
    return complete.promise
  }
}

let count = 0
/** A simple text that was not asked before. */
function unique(): string {
  return `Hello, good morning number ${++count}!`
}

function turn(content: unknown) {
  return [{ role: 'user', content }]
}

function image() {
  return { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }
}

/** Both were asked, neither is answered whole; in JSON there is nothing of it. */
function expectFailures(replies: readonly Reply[]): void {
  for (const reply of replies) {
    expectNothingOfClaude(reply)
    const told = reply.body.replaceAll('data: [DONE]', '')
    expect(told).toMatch(/"error":\{/)
    expect(told).not.toMatch(/"message_stop"|"end_turn"|"finish_reason":"stop"|"response\.completed"/)
  }
  expect(container.hits.length).toBeGreaterThanOrEqual(2)
}

function expectLocalFailure(reply: Reply): void {
  expect(reply.status).toBe(503)
  expectNothingOfClaude(reply)
}

function expectNothingOfClaude({ body }: Reply): void {
  for (const piece of CLAUDE_ANSWER.pieces) expect(body).not.toContain(piece)
}

/** Neither to Claude nor to the decision model, which is nobody's own either. */
function expectNothingSent(): void {
  expect(contacts()).toEqual(before)
}

function contacts(): readonly Contact[] {
  return [claude, secondLook].map((upstream) => upstream.contact())
}
