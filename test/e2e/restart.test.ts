/**
 * What only a new process of the edge can show: the strategy set at runtime is on disk, and an address of the
 * container that does not resolve is one more way to be unreachable.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startEdge } from '../support/stack.ts'
import { createClient, SIMPLE } from '../support/stack-client.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  claudeAnswers,
  LOCAL_SECRET,
  wholeBody,
} from '../support/upstream-messages.ts'

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

test('Claude answers for a container whose name does not resolve, and the name stays inside', async () => {
  const client = await start()
  const reply = await client.ask(SIMPLE)
  expect(reply.headers.get('x-router-fallback')).toMatch(/^(unavailable|timeout)$/)
  expect(reply.body).toBe(wholeBody(CLAUDE_ANSWER))
  const alone = await client.ask(SIMPLE, { headers: { 'x-router-strategy': 'local_only' } })
  expect(alone.status).toBeGreaterThanOrEqual(500)
  expect(JSON.stringify([...alone.headers]) + alone.body).not.toMatch(
    /container\.invalid|DNS|ENOTFOUND|reference/i,
  )
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

async function start() {
  const edge = await startEdge(
    {
      LLM_STRATEGY: 'hybrid',
      LOCAL_LLM_ENABLED: 'true',
      LOCAL_LLM_URL: 'https://container.invalid',
      LOCAL_LLM_SECRET: LOCAL_SECRET,
      ANTHROPIC_API_KEY: CLAUDE_KEY,
      ANTHROPIC_BASE_URL: claude.url,
      ADMIN_KEY,
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
