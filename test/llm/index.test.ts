/** What the library exports, imported by its folder as bundlers resolve it, and the one router of a process. */
import { afterEach, expect, test, vi } from 'vitest'
import * as library from '../../llm'
import { TINY_MODEL } from './support.ts'

afterEach(() => vi.unstubAllEnvs())

test('exports what the documentation names', () => {
  expect(Object.keys(library).sort()).toEqual([
    'RouterError',
    'createRouter',
    'getClaudeProvider',
    'getLocalProvider',
    'getRouter',
    'toLLMMessages',
  ])
})

test('has one router per process, made of the environment when it is first asked for', async () => {
  vi.stubEnv('LLM_STRATEGY', 'fast')
  expect(() => library.getRouter()).toThrow(/LLM_STRATEGY must be one of/)
  vi.stubEnv('LLM_STRATEGY', 'local_fallback')
  vi.stubEnv('LOCAL_LLM_ENABLED', 'true')
  vi.stubEnv('LOCAL_MODEL_NAME', TINY_MODEL)
  vi.stubEnv('JUDGE_MODEL', 'off')
  const router = library.getRouter()
  expect(library.getRouter()).toBe(router)
  expect(library.getClaudeProvider()).toBe(router.claude)
  expect(library.getLocalProvider()).toBe(router.local)
  expect((await router.getStatus()).strategy).toBe('local_fallback')
  await router.close()
})

test('makes a new router after the old one was closed', async () => {
  vi.stubEnv('LLM_STRATEGY', 'claude_only')
  const first = library.getRouter()
  await first.close()
  const second = library.getRouter()
  expect(second).not.toBe(first)
  await second.close()
})
