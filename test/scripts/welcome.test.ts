import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import { readStackSettings } from '../../scripts/stack/stack-settings.ts'
import { edgeLines, modelLine, startingLines } from '../../scripts/stack/welcome.ts'

const HYBRID = { LLM_STRATEGY: 'hybrid', LOCAL_LLM_ENABLED: 'true', ALLOW_ANONYMOUS: 'true' }

test('says the address, the missing key and a line to try', () => {
  const text = edgeLines(settings({ ...HYBRID, ROUTER_PORT: '9001' }), false, false).join('\n')
  expect(text).toContain('http://127.0.0.1:9001')
  expect(text).toContain('ANTHROPIC_API_KEY is not set: complex requests get a 503 that says so.')
  expect(text).toMatch(/Try: curl .*http:\/\/127\.0\.0\.1:9001\/v1\/messages/)
  expect(text).not.toContain('x-api-key')
})

test('shows where the key goes when callers need one, and no key itself', () => {
  const text = edgeLines(
    settings({ ...HYBRID, ROUTER_KEYS: 'a:secret-key', ANTHROPIC_API_KEY: 'sk-ant-secret' }),
    false,
    false,
  ).join()
  expect(text).toContain("-H 'x-api-key: YOUR_ROUTER_KEY'")
  expect(text).not.toMatch(/secret/)
})

test('names the address that stands in for Anthropic', () => {
  const gateway = { ANTHROPIC_BASE_URL: 'https://gateway.example', ANTHROPIC_API_KEY: 'sk-ant-secret' }
  expect(edgeLines(settings({ ...HYBRID, ...gateway }), false, false)).toContain(
    'Claude: ANTHROPIC_API_KEY is set. Requests go to https://gateway.example (ANTHROPIC_BASE_URL).',
  )
})

test('an edge that refuses everything is not called up, and nothing is offered to try', () => {
  const text = edgeLines(settings(HYBRID), true, false).join('\n')
  expect(text).toContain('http://127.0.0.1:8787 answers every request with a 503')
  expect(text).toContain('start again')
  expect(text).not.toMatch(/is up|Try:/)
  expect(edgeLines(settings(HYBRID), true, true).join('\n')).not.toContain('start again')
})

test('says why no container is started, and which settings are wrong', () => {
  const lines = startingLines(settings({ ...HYBRID, LOCAL_LLM_ENABLED: 'false' }), [
    'X must be true or false',
  ])
  expect(lines).toEqual([
    'Setting to correct: X must be true or false.',
    'Starting the edge; no container, because LOCAL_LLM_ENABLED is not true.',
  ])
})

test('names the model that is ready', () => {
  expect(modelLine('Small-1B', 2.34)).toBe('Local model Small-1B is ready (2.3 s). Ctrl-C stops everything.')
  expect(modelLine('', 2)).toMatch(/^Local model is ready/)
})

function settings(environment: Record<string, string>) {
  return readStackSettings(environment, SETTING_NAMES)
}
