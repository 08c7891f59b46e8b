/**
 * Handing over in the product as it runs: the real container with a model that hands everything over, the real edge, a stand-in
 * for Claude; and what became of it as rows to train on. The tiny model means nothing by it: what is shown is who answers.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readAnswerFiles } from '../../training/answer-rows.ts'
import { eventually } from '../support/processes.ts'
import { type RunningProgram, startContainer, startEdge } from '../support/stack.ts'
import { type Client, createClient, eventNames, messagesBody } from '../support/stack-client.ts'
import { makeTinyHandover, TINY_HANDOVER } from '../support/tiny-handover.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { CLAUDE_ANSWER, CLAUDE_KEY, claudeAnswers } from '../support/upstream-messages.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const QUESTION = 'Good morning!'
const CLAUDE_SAID = CLAUDE_ANSWER.pieces.join('')
const SHORT = { fields: { max_tokens: 4, temperature: 0 } }
/** Patience with a machine that does other work. */
const PATIENT_MS = '20000'

let root: string
let claude: Upstream
let container: RunningProgram
let edge: RunningProgram
let client: Client

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'handover-e2e-'))
  const model = join(root, 'model')
  mkdirSync(model)
  makeTinyHandover(model, { ...TINY_HANDOVER, threshold: 0 })
  claude = await startUpstream({ usual: claudeAnswers, other: [] })
  container = await startContainer({
    LOCAL_MODEL_NAME: model,
    LOCAL_MODEL_DTYPE: 'fp32',
    MODEL_CACHE_DIR: join(root, 'cache'),
    JUDGE_MODEL: 'off',
  })
  edge = await startEdge({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: container.url,
    LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification',
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    ADMIN_KEY,
    TRAINING_LOG: 'full',
    CACHE_TTL_SECONDS: '0',
    LOCAL_HEADERS_MS: PATIENT_MS,
    LOCAL_FIRST_CONTENT_MS: PATIENT_MS,
    EARLY_HEADERS_MS: PATIENT_MS,
  })
  client = createClient(edge.url)
  await container.line(/Model initialized successfully/)
  await eventually('the edge knows that the model hands over', async () =>
    (await client.ask(QUESTION, SHORT)).headers.has('x-router-handover-score'),
  )
})
afterAll(async () => {
  await Promise.all([edge?.stop(), container?.stop()])
  await claude?.close()
  rmSync(root, { recursive: true, force: true })
})
beforeEach(() => claude.reset())

test.each([false, true])(
  'what the model hands over Claude answers, and the headers say so (stream: %s)',
  async (stream) => {
    const reply = await client.ask(QUESTION, { ...SHORT, stream })
    expect(reply.status).toBe(200)
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'x-router-route': 'claude',
      'x-router-fallback': 'low_confidence',
      'x-router-handover-score': expect.stringMatching(/^[01]\.\d{3}$/),
    })
    if (stream) expect(eventNames(reply.body).at(-1)).toBe('message_stop')
    for (const piece of stream ? CLAUDE_ANSWER.pieces : [CLAUDE_SAID]) expect(reply.body).toContain(piece)
    expect(claude.hits).toHaveLength(1)
  },
)

test('the container itself declines with 409 before any text, and only who says that another can be asked', async () => {
  const direct = createClient(container.url)
  const body = messagesBody(QUESTION, { ...SHORT, stream: true })
  const declined = await direct.send(body, { headers: { 'x-handover-threshold': 'default' } })
  expect(declined.status).toBe(409)
  expect(JSON.parse(declined.body)).toMatchObject({ type: 'error', error: { type: 'low_confidence' } })
  const answered = await direct.send(body)
  expect(answered.status).toBe(200)
  expect(eventNames(answered.body).at(-1)).toBe('message_stop')
})

test.each(['x-router-force', 'x-router-privacy'])(
  'who may not be sent to Claude gets the model’s own answer: %s',
  async (name) => {
    const reply = await client.ask(QUESTION, { ...SHORT, headers: { [name]: 'local' } })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-router-route')).toBe('local')
    expect(reply.headers.has('x-router-fallback')).toBe(false)
    expect(claude.hits).toHaveLength(0)
  },
)

test('what was handed over is a row to train on, without a word of Claude’s, once its answer is written', async () => {
  const asked = 'Good evening, is anybody there?'
  await client.ask(asked, { ...SHORT, fields: { ...SHORT.fields, system: 'Be brief.' } })
  const exported = async () => {
    const headers = { 'x-api-key': ADMIN_KEY }
    const { body } = await client.get('/v1/router/requests?format=answers&from=1d', headers)
    return body.split('\n').find((line) => line.includes(asked))
  }
  const line = await eventually('the receipt', exported)
  expect(line).not.toContain(CLAUDE_SAID)
  const row: object = JSON.parse(line)
  expect(row).toMatchObject({
    why: 'low_confidence',
    system: 'Be brief.',
    messages: [{ role: 'user', content: asked }],
    answer: '',
  })
  const file = join(root, 'candidates.jsonl')
  writeFileSync(file, line)
  expect(() => readAnswerFiles([file])).toThrow('candidates.jsonl, line 1')
  writeFileSync(file, JSON.stringify({ ...row, answer: 'Yes, I am here.' }))
  expect(readAnswerFiles([file])).toMatchObject([
    { row: { why: 'low_confidence', answer: 'Yes, I am here.' } },
  ])
})
