/**
 * Claude Code itself, from npm, through the router: a session with text, a tool and a continuation, its probes and
 * errors. Two relays show what it sent and what Claude got. Skipped by name where its program has no binary.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createClient } from '../../support/stack-client.ts'
import { CLAUDE_CODE_PACKAGE, claudeCodeFolder } from './claude-code-program.ts'
import { AFTER_TOOL, CLAUDE_SAYS, COUNTED_TOKENS, claudeFails, PING } from './claude-conversation.ts'
import { type ClientStack, LOCAL_PATH, ROUTER_KEY, startClientStack } from './client-stack.ts'
import { type Relay, startRelay } from './relay.ts'

const folder = claudeCodeFolder()
const hasBinary = folder !== undefined
const codeTest = test.skipIf(!hasBinary)
const name = (what: string) =>
  hasBinary ? what : `${what} (skipped: there is no ${CLAUDE_CODE_PACKAGE} here)`

const TOOL_PROMPT = 'RUN_ECHO please'

let stack: ClientStack
let client: Relay
let home: string

beforeAll(async () => {
  if (!hasBinary) return
  home = mkdtempSync(join(tmpdir(), 'router-claude-code-'))
  mkdirSync(join(home, 'work'))
  stack = await startClientStack((text) =>
    text.includes('RUN_ECHO')
      ? { name: 'Bash', input: { command: 'echo forty-two', description: 'Says it' } }
      : undefined,
  )
  client = await startRelay(stack.url)
})
afterAll(async () => {
  await client?.close()
  await stack?.stop()
  if (home) rmSync(home, { recursive: true, force: true })
})
beforeEach(() => {
  stack?.reset()
  client?.reset()
})

codeTest(name('a session with text, a tool and a continuation goes to Claude byte for byte'), async () => {
  const hello = await claudeCode(['-p', 'hi', '--output-format', 'json'])
  expect(hello.code, hello.output).toBe(0)
  expect(JSON.parse(hello.output)).toMatchObject({ result: CLAUDE_SAYS, is_error: false })

  const tool = await claudeCode(['-p', TOOL_PROMPT, '--allowedTools', 'Bash(echo:*)'])
  expect(tool.code, tool.output).toBe(0)
  expect(tool.output).toContain(`${AFTER_TOOL}forty-two`)

  const more = await claudeCode(['-p', 'and now?', '--continue'])
  expect(more.code, more.output).toBe(0)
  expect(more.output).toContain(CLAUDE_SAYS)

  const sent = client.passed.filter(({ path }) => path.startsWith('/v1/messages'))
  expect(sent.length).toBeGreaterThanOrEqual(4)
  expect(stack.claude.hits.map(({ body }) => body.toString())).toEqual(
    sent.map(({ body }) => body.toString()),
  )
  expect(stack.claude.hits.map(({ path }) => path)).toEqual(sent.map(({ path }) => path))
  for (const [at, hit] of stack.claude.hits.entries())
    for (const header of ['anthropic-version', 'anthropic-beta', 'user-agent', 'x-app'])
      expect(hit.headers[header], header).toBe(sent[at]?.headers[header])
  expect(stack.claude.hits[0]?.path).toBe('/v1/messages?beta=true')
  expect(stack.claude.hits[0]?.headers['anthropic-beta']).toContain('claude-code-')
  expect(stack.claude.hits[0]?.headers).not.toHaveProperty('authorization')
  expect(sent[0]?.headers['x-claude-code-session-id']).toBeTruthy()
  // The continuation holds the session's tool turn.
  expect(stack.claude.hits.at(-1)?.body.toString()).toContain('forty-two')
  expect(sent[0]?.answer()).toContain(PING)
  expect(stack.container.passed.filter(({ path }) => path === LOCAL_PATH)).toHaveLength(0)
})

codeTest(name('an error body reaches it verbatim, so that it can recognise the wording'), async () => {
  const words = 'prompt is too long: 250000 tokens > 200000 maximum'
  stack.claude.next(claudeFails(400, 'invalid_request_error', words))
  const reply = await claudeCode(['-p', 'hi'])
  expect(reply.code).not.toBe(0)
  expect(reply.output.toLowerCase()).toContain('prompt is too long')
  const [first] = client.passed.filter(({ path }) => path.startsWith('/v1/messages'))
  expect(first?.answer()).toContain(words)
})

codeTest(name('its token counts are Claude’s, and its model discovery keeps claude-auto'), async () => {
  const recorded = await sentByClaudeCode()
  const headers = { 'x-api-key': ROUTER_KEY, 'x-claude-code-session-id': 'session' }
  const asked = createClient(stack.url)
  const counted = await asked.send(recorded, { path: '/v1/messages/count_tokens?beta=true', headers })
  expect(JSON.parse(counted.body)).toEqual({ input_tokens: COUNTED_TOKENS })
  expect(stack.claude.otherHits.at(-1)?.body).toEqual(recorded)
  const listed = await asked.get('/v1/models?limit=1000', headers)
  const { data }: { data: { id: string }[] } = JSON.parse(listed.body)
  expect(data.map(({ id }) => id).filter((id) => /claude|anthropic/.test(id))).toContain('claude-auto')
})

/** Returns the body that Claude Code sends for a greeting. */
async function sentByClaudeCode(): Promise<Buffer> {
  await claudeCode(['-p', 'hi'])
  const [first] = client.passed.filter(({ path }) => path.startsWith('/v1/messages'))
  if (first === undefined) throw new Error('Claude Code sent nothing')
  return first.body
}

function claudeCode(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((settle, fail) => {
    const child = spawn(join(folder ?? '', 'claude'), args, {
      cwd: join(home, 'work'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: home,
        TMPDIR: tmpdir(),
        ANTHROPIC_BASE_URL: client.url,
        ANTHROPIC_AUTH_TOKEN: ROUTER_KEY,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_ERROR_REPORTING: '1',
      },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    child.on('error', fail)
    child.on('close', (code) => settle({ code, output }))
  })
}
