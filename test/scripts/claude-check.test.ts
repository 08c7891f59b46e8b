import { expect, test } from 'vitest'
import { readConfig } from '../../edge/config.ts'
import type { Answer, AskRequest } from '../../scripts/ask.ts'
import { checkClaude } from '../../scripts/doctor/claude-check.ts'

const KEY = 'sk-ant-0123456789abc'
const GATEWAY = 'https://gateway.example/team'
const COUNTED = { status: 200, body: '{"input_tokens":8}' }

test('asks the set address, with the key, for both models, by counting tokens', async () => {
  const asked: [string, AskRequest | undefined][] = []
  const finding = await check(
    {
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_BASE_URL: GATEWAY,
      CLAUDE_MODEL: 'big',
      CLAUDE_SIMPLE_MODEL: 'small',
    },
    async (url, request) => {
      asked.push([url, request])
      return COUNTED
    },
  )
  expect(finding).toEqual({
    name: 'Claude',
    status: 'ok',
    detail: 'gateway.example accepts ANTHROPIC_API_KEY',
  })
  expect(asked).toMatchObject(
    ['big', 'small'].map((model) => [
      `${GATEWAY}/v1/messages/count_tokens`,
      { headers: { 'x-api-key': KEY }, json: { model } },
    ]),
  )
})

test.each<[string, Answer | undefined, Record<string, string>, 'failed' | 'warning' | 'ok', RegExp]>([
  ['nobody', undefined, {}, 'failed', /^api\.anthropic\.com does not answer/],
  ['a wrong key', { status: 401, body: '{}' }, {}, 'failed', /refuses ANTHROPIC_API_KEY \(401\)/],
  [
    'an unknown model',
    { status: 404, body: '{"error":{"type":"not_found_error","message":"model: x"}}' },
    { CLAUDE_MODEL: 'x', CLAUDE_SIMPLE_MODEL: 'x' },
    'failed',
    /has no model x/,
  ],
  ['another program', { status: 200, body: '<html>' }, {}, 'failed', /does not speak the Messages API/],
  ['a proxy', { status: 404, body: '' }, {}, 'failed', /answers 404/],
  ['a busy server', { status: 529, body: '' }, {}, 'warning', /answers 529/],
  ['a refusal', { status: 400, body: '' }, {}, 'warning', /answers 400/],
  [
    'a gateway that counts no tokens',
    { status: 404, body: '' },
    { ANTHROPIC_BASE_URL: GATEWAY },
    'ok',
    /gateway\.example answers.*not tried/,
  ],
])('knows %s', async (_what, answer, settings, status, detail) => {
  const finding = await check({ ANTHROPIC_API_KEY: KEY, ...settings }, async () => answer)
  expect(finding.status).toBe(status)
  expect(finding.detail).toMatch(detail)
  if (status !== 'ok') expect(finding.fix).toMatch(/\w/)
})

test('one model that is not there is worth more than one that is', async () => {
  const finding = await check(
    { ANTHROPIC_API_KEY: KEY, CLAUDE_SIMPLE_MODEL: 'gone' },
    async (_url, request) =>
      JSON.stringify(request?.json).includes('gone')
        ? { status: 404, body: '{"error":{"type":"not_found_error","message":"model: gone"}}' }
        : COUNTED,
  )
  expect(finding).toMatchObject({ status: 'failed', detail: 'api.anthropic.com has no model gone' })
})

test("with the callers' own keys any answer will do", async () => {
  const settings = { CLAUDE_KEY_SOURCE: 'client' }
  expect(await check(settings, async () => ({ status: 401, body: '' }))).toMatchObject({ status: 'ok' })
  expect(await check(settings, async () => undefined)).toMatchObject({ status: 'failed' })
})

test('offline asks nobody elsewhere, and looks at the form of the key only', async () => {
  const never = async () => {
    throw new Error('Somebody was asked.')
  }
  expect(await check({ ANTHROPIC_API_KEY: KEY }, never, true)).toMatchObject({ status: 'ok' })
  expect(await check({ ANTHROPIC_API_KEY: 'sk' }, never, true)).toMatchObject({ status: 'warning' })
  const here = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' }
  expect(await check(here, async () => undefined, true)).toMatchObject({ status: 'failed' })
})

test('Claude is not asked where it is not used', async () => {
  const settings = {
    LLM_STRATEGY: 'local_only',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: 'http://127.0.0.1:1',
  }
  const finding = await check({ ...settings, ANTHROPIC_API_KEY: KEY }, async () => undefined)
  expect(finding).toMatchObject({ status: 'ok' })
})

async function check(
  settings: Record<string, string>,
  ask: (url: string, request?: AskRequest) => Promise<Answer | undefined>,
  offline = false,
) {
  const result = await readConfig({ ALLOW_ANONYMOUS: 'true', ...settings })
  if (!result.ok) throw new Error(result.problems.join())
  return checkClaude(result.config, { ask, offline })
}
