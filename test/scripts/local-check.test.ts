import { expect, test } from 'vitest'
import { readConfig, SETTING_NAMES } from '../../edge/config.ts'
import type { Answer, AskRequest } from '../../scripts/ask.ts'
import { checkLocal } from '../../scripts/doctor/local-check.ts'
import { readStackSettings } from '../../scripts/stack/stack-settings.ts'

type Pages = Readonly<Record<string, Answer>>
const READY = { status: 200, body: '{"status":"ready","model":"Small-1B"}' }
const LISTED = { status: 200, body: '{"data":[{"id":"qwen3:0.6b"},{"id":"other"}]}' }
const OLLAMA = { LOCAL_LLM_PROTOCOL: 'openai', LOCAL_LLM_URL: 'http://127.0.0.1:11434/v1' }
const ELSEWHERE = { LOCAL_LLM_URL: 'https://model.example', LOCAL_LLM_SECRET: 'shared-by-both' }

test('the own container is started by npm start, and asked once that runs', async () => {
  expect(await check({}, {})).toEqual({
    name: 'container',
    status: 'ok',
    detail: 'not running; npm start starts it',
  })
  const pages = { 'http://127.0.0.1:8080/readyz': READY, 'http://127.0.0.1:8080/v1/models': LISTED }
  expect(await check({}, pages, { running: true })).toMatchObject({
    status: 'ok',
    detail: 'ready with Small-1B',
  })
  expect(await check({}, {}, { running: true })).toMatchObject({ name: 'container', status: 'failed' })
})

test('a server of another kind is asked although npm start runs nothing', async () => {
  const pages = { 'http://127.0.0.1:11434/v1/models': LISTED }
  expect(await check(OLLAMA, pages)).toEqual({
    name: 'local server',
    status: 'ok',
    detail: 'ready with qwen3:0.6b, at 127.0.0.1:11434',
  })
  expect(await check(OLLAMA, {})).toMatchObject({
    status: 'failed',
    detail: '127.0.0.1:11434 does not answer',
    fix: expect.stringContaining('LOCAL_LLM_URL'),
  })
})

test('a model that the server does not list is named with those that it lists', async () => {
  const pages = { 'http://127.0.0.1:11434/v1/models': LISTED }
  expect(await check({ ...OLLAMA, LOCAL_LLM_MODEL: 'qwen3:8b' }, pages)).toMatchObject({
    status: 'warning',
    detail: '127.0.0.1:11434 lists no model qwen3:8b, but qwen3:0.6b, other',
  })
})

test('a secret that only one side has is found without an answer being made', async () => {
  const asked: [string, AskRequest | undefined][] = []
  const pages = {
    'https://model.example/readyz': READY,
    'https://model.example/v1/models': { status: 401, body: '' },
  }
  const finding = await check(ELSEWHERE, pages, { asked })
  expect(finding).toMatchObject({
    status: 'failed',
    detail: 'model.example refuses LOCAL_LLM_SECRET',
    fix: expect.stringContaining('LOCAL_LLM_SECRET'),
  })
  expect(asked.map(([url]) => url)).toEqual(Object.keys(pages))
  expect(asked[1]?.[1]).toMatchObject({ headers: { 'x-api-key': 'shared-by-both' } })
  expect(JSON.stringify(finding)).not.toContain('shared-by-both')
})

test.each<[string, Answer, RegExp]>([
  ['loads', { status: 503, body: '' }, /not ready/],
  ['is something else', { status: 200, body: '<html>' }, /no server of LOCAL_LLM_PROTOCOL=anthropic/],
  ['has no such pages', { status: 404, body: '' }, /no server of LOCAL_LLM_PROTOCOL=anthropic/],
])('a server that %s is a fault with its fix', async (_what, answer, detail) => {
  const pages = { 'https://model.example/readyz': answer, 'https://model.example/v1/models': answer }
  const finding = await check(ELSEWHERE, pages)
  expect(finding.status).toBe('failed')
  expect(finding.detail).toMatch(detail)
  expect(finding.fix).toMatch(/\w/)
})

test('one server of several that does not answer is a warning', async () => {
  const pages = { 'http://127.0.0.1:9001/v1/models': LISTED }
  const urls = { LOCAL_LLM_URL: 'http://127.0.0.1:9001, http://127.0.0.1:9002' }
  expect(await check({ ...OLLAMA, ...urls }, pages)).toMatchObject({
    status: 'warning',
    detail: '127.0.0.1:9002 does not answer',
  })
})

test('offline asks nobody elsewhere', async () => {
  const asked: [string, AskRequest | undefined][] = []
  expect(await check(ELSEWHERE, {}, { asked, offline: true })).toEqual({
    name: 'local server',
    status: 'ok',
    detail: 'model.example: not asked (--offline)',
  })
  expect(asked).toEqual([])
})

async function check(
  given: Record<string, string>,
  pages: Pages,
  options: { running?: boolean; offline?: boolean; asked?: [string, AskRequest | undefined][] } = {},
) {
  const environment = { LLM_STRATEGY: 'hybrid', LOCAL_LLM_ENABLED: 'true', ALLOW_ANONYMOUS: 'true', ...given }
  const settings = readStackSettings(environment, SETTING_NAMES)
  const result = await readConfig(settings.edge)
  if (!result.ok || result.config.local === undefined) throw new Error('The settings are wrong.')
  const ask = async (url: string, request?: AskRequest) => {
    options.asked?.push([url, request])
    return pages[url]
  }
  const deps = { ask, offline: options.offline ?? false }
  return checkLocal(result.config.local, settings, options.running ?? false, deps)
}
