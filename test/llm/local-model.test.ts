/** The library with a real, tiny model in a real child process. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { createRouter, type Router } from '../../llm/router.ts'
import { collectLog, loggedLines } from '../support/edge/log-collector.ts'
import { TINY_MODEL } from './support.ts'

const messages = [{ role: 'user', content: 'Hello!' }] as const
const settings = {
  LLM_STRATEGY: 'local_only',
  LOCAL_LLM_ENABLED: 'true',
  LOCAL_MODEL_NAME: TINY_MODEL,
  JUDGE_MODEL: 'off',
  NUM_THREADS: '1',
}
let router: Router | undefined

afterEach(() => router?.close())

function createLocalRouter(): Router {
  router = createRouter({ env: { ...process.env, ...settings }, log: collectLog })
  return router
}

test('answers from a model in a child process, whole and as a stream', async () => {
  const local = createLocalRouter()
  const reply = await local.generate(messages, { maxTokens: 6 })
  expect(reply).toMatchObject({ route: 'local', model: 'tiny-llama', reason: 'local_only' })
  expect(reply.usage.outputTokens).toBeGreaterThan(0)
  let text = ''
  for await (const chunk of local.stream(messages, { maxTokens: 6, cache: 'skip' }))
    if (chunk.type === 'text') text += chunk.text
    else expect(chunk.content).toBe(text)
  expect(text).toBe(reply.content)
  expect((await local.getStatus()).local).toMatchObject({ state: 'ready', available: true })
  expect(loggedLines().map(({ message }) => message)).toEqual([
    '[LocalLLM] Model initialized successfully',
    '[LocalLLM] Serving',
    '[Router] Using local model (local_only)',
    '[Router] Using local model (local_only)',
  ])
})

test('says what the model is before it is loaded', () => {
  expect(createLocalRouter().local.getModelInfo()).toMatchObject({
    name: 'tiny-llama',
    kind: 'text-generation',
    dtype: 'fp32',
    size: '1 MB',
    downloaded: true,
    contextLength: expect.any(Number),
  })
})

test('knows a model of the catalogue that would have to be downloaded', () => {
  router = createRouter({
    env: { LOCAL_MODEL_NAME: 'smollm2-360m', MODEL_CACHE_DIR: '/nowhere' },
    log: collectLog,
  })
  expect(router.local.getModelInfo()).toMatchObject({
    name: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    size: '417 MB',
    license: 'Apache-2.0',
    downloaded: false,
  })
})

test('lets its host program end, and ends the model’s process with it', async () => {
  const program = join(import.meta.dirname, 'stand-ins/host-program.ts')
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, ...settings },
  })
  const { route, direct, pid } = JSON.parse(stdout)
  expect({ route, direct }).toEqual({ route: 'local', direct: 'local' })
  expect(stderr).toContain('[Router] Using local model (local_only) taskType=simple_chat')
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
