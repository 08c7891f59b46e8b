/**
 * The judge as it ships, in the product as it runs: the real container with the shipped model and its head, the real edge, a
 * stand-in for Claude. The local model is trusted with every simple task here: the shipped card has set phrases only, of which
 * the edge is hardly ever unsure.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { combinedThreshold, secondThreshold } from '../../edge/routing/second-look/combination.ts'
import { eventually } from '../support/processes.ts'
import { type RunningProgram, startContainer, startEdge } from '../support/stack.ts'
import {
  type Client,
  createClient,
  eventNames,
  messagesBody,
  SURELY_SIMPLE,
  UNSURE_COMPLEX,
  UNSURE_SIMPLE,
} from '../support/stack-client.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { CLAUDE_ANSWER, CLAUDE_KEY, claudeAnswers, nonStreamingBody } from '../support/upstream-messages.ts'

const SECRET = 'secret-of-the-judge-tests'

let claude: Upstream
let container: RunningProgram
let edge: RunningProgram
let client: Client

beforeAll(async () => {
  claude = await startUpstream({ usual: claudeAnswers, other: [] })
  container = await startContainer({ LOCAL_LLM_SECRET: SECRET })
  edge = await startEdge({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: container.url,
    LOCAL_LLM_SECRET: SECRET,
    LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification',
    ROUTER_THRESHOLD: 'recall:97',
    JUDGE_THRESHOLD: 'recall:97',
    // Short answers would be verified, which is not what is shown here.
    VERIFY_THRESHOLD: 'off',
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    CACHE_TTL_SECONDS: '0',
    LOCAL_HEADERS_MS: '8000',
    LOCAL_FIRST_CONTENT_MS: '8000',
  })
  client = createClient(edge.url)
  await container.line(/Judging requests/)
  await eventually('the edge knows the judge', async () => {
    const reply = await client.ask(UNSURE_SIMPLE, { fields: { max_tokens: 1 } })
    return reply.headers.has('x-router-judge-score')
  })
})
afterAll(async () => {
  await Promise.all([edge?.stop(), container?.stop()])
  await claude?.close()
})
beforeEach(() => claude.reset())

test('an unsure request that the judge finds simple is answered locally, whole and streamed', async () => {
  const reply = await client.ask(UNSURE_SIMPLE, { fields: { max_tokens: 12 } })
  expect(reply.status).toBe(200)
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'x-router-route': 'local',
    'x-router-model': 'Ulfberht-135M',
    'x-router-reason': 'hybrid: unsure, judged by the local model',
  })
  expect(reply.headers.has('x-router-fallback')).toBe(false)
  const score = Number(reply.headers.get('x-router-judge-score'))
  expect(score).toBeGreaterThan(0)
  expect(score).toBeLessThan(0.1)
  const streamed = await client.ask(UNSURE_SIMPLE, { stream: true, fields: { max_tokens: 12 } })
  expect(streamed.headers.get('x-router-judge-score')).toBe(reply.headers.get('x-router-judge-score'))
  expect(eventNames(streamed.body).at(-1)).toBe('message_stop')
  expect(claude.hits).toHaveLength(0)
})

test.each(UNSURE_COMPLEX)('an unsure request that the judge finds complex is Claude’s: %s', async (text) => {
  const reply = await client.ask(text)
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'x-router-route': 'claude',
    'x-router-fallback': 'judged_complex',
    'x-router-reason': 'hybrid: unsure, judged by the local model',
  })
  expect(Number(reply.headers.get('x-router-judge-score'))).toBeGreaterThan(0.8)
  expect(claude.hits).toHaveLength(1)
  expect(JSON.parse(claude.hits[0]?.body.toString() ?? '').model).toBe('claude-sonnet-5-5')
})

test('the judge overrules the edge, which would have sent that request to Claude', async () => {
  expect(await explain(UNSURE_SIMPLE)).toMatchObject({ zone: 'unsure', complex: true })
})

test('the container itself declines with 409 before any token, and keeps what it is told to keep', async () => {
  const [text] = UNSURE_COMPLEX
  const { score, targets } = await explain(text)
  const [{ judgeThreshold }] = targets
  expect(judgeThreshold).toBeCloseTo(secondThreshold(score, combinedThreshold({ recall: 97 })), 6)
  const direct = createClient(container.url)
  const headers = { 'x-api-key': SECRET, 'x-judge-threshold': judgeThreshold.toFixed(4) }
  const declined = await direct.send(messagesBody(text), { headers })
  expect(declined.status).toBe(409)
  expect(JSON.parse(declined.body).error.type).toBe('judged_complex')
  const kept = await direct.send(messagesBody(UNSURE_SIMPLE, { fields: { max_tokens: 2 } }), { headers })
  expect(kept.status).toBe(200)
})

test('nobody judges what is surely simple', async () => {
  const reply = await client.ask(SURELY_SIMPLE, { fields: { max_tokens: 2 } })
  expect(reply.headers.get('x-router-reason')).toBe('hybrid: simple task')
  expect(reply.headers.has('x-router-judge-score')).toBe(false)
})

async function explain(text: string) {
  return JSON.parse((await client.send(messagesBody(text), { path: '/v1/router/explain' })).body)
}
