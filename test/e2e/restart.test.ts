/**
 * What only a new process of the edge can show: the strategy set at runtime is on disk, a container that is still
 * loading is used as soon as it is ready, and an address that does not resolve is one more way to be unreachable.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/processes.ts'
import { startEdge } from '../support/stack.ts'
import { createClient, SIMPLE } from '../support/stack-client.ts'
import { type Script, type Step, startUpstream, type Upstream } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  claudeAnswers,
  LOCAL_SECRET,
  localAnswers,
  localIsReady,
  nonStreamingBody,
} from '../support/upstream-messages.ts'
import { respond, until } from '../support/upstream-steps.ts'

const ADMIN_KEY = 'admin-key-of-these-tests'
const stateFolder = mkdtempSync(join(tmpdir(), 'router-state-'))
let claude: Upstream
beforeAll(async () => {
  claude = await startUpstream({ usual: claudeAnswers, other: [] })
})
afterAll(async () => {
  await claude?.close()
  rmSync(stateFolder, { recursive: true, force: true })
})

test('F2 Claude answers for a container whose name does not resolve, and the name stays inside', async () => {
  const client = await start()
  const reply = await client.ask(SIMPLE)
  expect(reply.headers.get('x-router-fallback')).toMatch(/^(unavailable|timeout)$/)
  expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  const alone = await client.ask(SIMPLE, { headers: { 'x-router-strategy': 'local_only' } })
  expect(alone.status).toBeGreaterThanOrEqual(500)
  expect(JSON.stringify([...alone.headers]) + alone.body).not.toMatch(
    /container\.invalid|DNS|ENOTFOUND|reference/i,
  )
})

test('F19 a container that was loading is used as soon as it is ready, whatever wait it had announced', async () => {
  let readiness: Script = respond(503, '{"status":"loading"}', { 'retry-after': '50' })
  const current: Step = async (exchange) => {
    for (const step of readiness) await step(exchange)
  }
  const container = await startUpstream({ usual: localAnswers, other: [current] })
  onTestFinished(() => container.close())
  const client = await start({ LOCAL_LLM_URL: container.url })
  expect(JSON.parse((await client.get('/readyz')).body)).toMatchObject({ local: false, claude: true })
  expect((await client.ask(SIMPLE)).headers.get('x-router-fallback')).toBe('unavailable')
  expect(container.hits).toHaveLength(0)
  readiness = localIsReady
  expect((await client.ask(SIMPLE)).headers.get('x-router-route')).toBe('local')
})

test('F16 a container that sleeps is woken by one call at a time, and used once it is awake', async () => {
  const awake = Promise.withResolvers<void>()
  const container = await startUpstream({
    usual: [until(awake.promise), ...localAnswers],
    other: [until(awake.promise), ...localIsReady],
  })
  onTestFinished(() => container.close())
  const client = await start({
    LOCAL_LLM_URL: container.url,
    LOCAL_HEADERS_MS: '500',
    LOCAL_FIRST_CONTENT_MS: '500',
    CACHE_TTL_SECONDS: '0',
  })
  const askAll = () => Promise.all(Array.from({ length: 5 }, () => client.ask(SIMPLE)))
  claude.reset()
  const replies = [...(await askAll()), ...(await askAll()), ...(await askAll())]
  for (const reply of replies) {
    expect(reply.headers.get('x-router-fallback')).toMatch(/^(timeout|unavailable)$/)
    expect(reply.body).toBe(nonStreamingBody(CLAUDE_ANSWER))
  }
  expect(claude.hits).toHaveLength(replies.length)
  // The first five came together, before anything was known of the container; after them one call was left waiting.
  expect(container.otherHits.length + container.hits.length).toBeLessThanOrEqual(7)
  awake.resolve()
  await eventually('the local model answers', async () => {
    return (await client.ask(SIMPLE)).headers.get('x-router-route') === 'local'
  })
})

test('a strategy set at runtime survives a restart of the edge', async () => {
  const first = await start()
  const changed = await fetch(`${first.url}/v1/router/strategy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-api-key': ADMIN_KEY },
    body: JSON.stringify({ strategy: 'claude_only' }),
  })
  expect(changed.status).toBe(200)
  await first.stop()
  const second = await start()
  expect(JSON.parse((await second.get('/v1/router/status')).body)).toMatchObject({
    strategy: 'claude_only',
    configuredStrategy: 'hybrid',
  })
})

async function start(settings: Readonly<Record<string, string>> = {}) {
  const edge = await startEdge(
    {
      LLM_STRATEGY: 'hybrid',
      LOCAL_LLM_ENABLED: 'true',
      LOCAL_LLM_URL: 'https://container.invalid',
      LOCAL_LLM_SECRET: LOCAL_SECRET,
      ANTHROPIC_API_KEY: CLAUDE_KEY,
      ANTHROPIC_BASE_URL: claude.url,
      ADMIN_KEY,
      ...settings,
    },
    { stateFolder },
  )
  let stopped = false
  const stop = async () => {
    if (!stopped) await edge.stop()
    stopped = true
  }
  onTestFinished(stop)
  return { ...createClient(edge.url), url: edge.url, stop }
}
