import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import { readStackSettings } from '../../scripts/stack/stack-settings.ts'
import { edgeLines, modelLines, startingLines } from '../../scripts/stack/welcome.ts'

const HYBRID = { LLM_STRATEGY: 'hybrid', LOCAL_LLM_ENABLED: 'true', ALLOW_ANONYMOUS: 'true' }

test('says the addresses and the missing key; offers nothing to try that would fail while the model is loading', () => {
  const text = edgeLines(settings({ ...HYBRID, ROUTER_PORT: '9001' }), false, false).join('\n')
  expect(text).toContain('http://127.0.0.1:9001/dashboard')
  expect(text).toContain('ANTHROPIC_API_KEY is not set: complex requests get a 503 that says so.')
  expect(text).toContain('The local model is loading; a line says when it is ready.')
  expect(text).not.toContain('Try:')
})

test('without a container there is something to try at once', () => {
  const claudeOnly = { ...HYBRID, LOCAL_LLM_ENABLED: 'false', ANTHROPIC_API_KEY: 'sk-ant-secret' }
  expect(edgeLines(settings(claudeOnly), false, false).join('\n')).toContain('Try: curl')
})

test('shows where the key goes when callers need one, and no key itself', () => {
  const keyed = settings({ ...HYBRID, ROUTER_KEYS: 'a:secret-key', ANTHROPIC_API_KEY: 'sk-ant-secret' })
  const text = [...edgeLines(keyed, false, false), ...modelLines(keyed, 'Small-1B', 2)].join()
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

test('names the model that is ready, and a line to try', () => {
  const [ready, toTry] = modelLines(settings({ ...HYBRID, ROUTER_PORT: '9001' }), 'Small-1B', 2.34)
  expect(ready).toBe('Local model Small-1B is ready (2.3 s). Ctrl-C stops everything.')
  expect(toTry).toMatch(/^Try: curl .*http:\/\/127\.0\.0\.1:9001\/v1\/messages/)
  expect(toTry).not.toContain('x-api-key')
  expect(modelLines(settings(HYBRID), '', 2)[0]).toMatch(/^Local model is ready/)
})

function settings(environment: Record<string, string>) {
  return readStackSettings(environment, SETTING_NAMES)
}
