/**
 * Router, container and a tiny model that hands over in one program, by the library; only Claude is played. The tiny model
 * hands over to no sense: what is shown is who answers at which threshold.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createRouter, type Router } from '../../llm/router.ts'
import { CLAUDE_KEY, CLAUDE_TEXT } from '../support/edge/canaries.ts'
import { CLAUDE_URL, claude, networkFetch } from '../support/edge/upstreams.ts'
import { makeTinyHandover, TINY_HANDOVER, TINY_VERIFICATION } from '../support/tiny-handover.ts'

const root = mkdtempSync(join(tmpdir(), 'handover-'))
const routers: Router[] = []
afterAll(async () => {
  for (const router of routers) await router.close()
  rmSync(root, { recursive: true })
})

/** @param threshold the model's own */
function routerOver(threshold: number, settings: Record<string, string> = {}): Promise<Router> {
  return routerWith({ ...TINY_HANDOVER, threshold }, settings)
}

/** @param file the model's handover.json */
async function routerWith(file: object, settings: Record<string, string> = {}): Promise<Router> {
  const folder = join(root, `model-${routers.length}`)
  mkdirSync(folder)
  makeTinyHandover(folder, file)
  const router = createRouter({
    env: {
      LLM_STRATEGY: 'hybrid',
      LOCAL_LLM_ENABLED: 'true',
      LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification',
      LOCAL_HEADERS_MS: '30000',
      LOCAL_FIRST_CONTENT_MS: '30000',
      LOCAL_MODEL_NAME: folder,
      LOCAL_MODEL_DTYPE: 'fp32',
      MODEL_CACHE_DIR: join(root, 'cache'),
      JUDGE_MODEL: 'off',
      ANTHROPIC_API_KEY: CLAUDE_KEY,
      ANTHROPIC_BASE_URL: CLAUDE_URL,
      ...settings,
    },
    log: false,
    fetch: networkFetch,
  })
  routers.push(router)
  await router.local.start()
  return router
}

const question = [{ role: 'user', content: 'Good morning!' }] as const
const options = { maxTokens: 4, cache: 'skip' } as const

test('a model whose threshold is reached hands over to the Claude model of the decision, whole or as a stream', async () => {
  const router = await routerOver(0)
  const handedOver = {
    content: CLAUDE_TEXT,
    route: 'claude',
    fallback: 'low_confidence',
    handoverScore: expect.any(Number),
  }
  expect(await router.generate(question, options)).toMatchObject(handedOver)
  let text = ''
  for await (const chunk of router.stream(question, options))
    if (chunk.type === 'text') text += chunk.text
    else expect(chunk).toMatchObject(handedOver)
  expect(text).toBe(CLAUDE_TEXT)
  expect(claude.hits).toHaveLength(2)
  expect(JSON.parse(claude.hits[0]?.text ?? '').model).toBe('claude-haiku-5-5')
  for (const alone of [{ force: 'local' }, { privacy: 'local' }] as const)
    expect(await router.generate(question, { ...options, ...alone })).toMatchObject({
      route: 'local',
      handoverScore: undefined,
    })
  expect(claude.hits).toHaveLength(2)
})

test('a threshold of the router’s own is the one that counts, and below it the answer is the same', async () => {
  const router = await routerOver(0, { HANDOVER_THRESHOLD: '1' })
  const kept = await router.generate(question, { ...options, temperature: 0 })
  expect(kept).toMatchObject({ route: 'local', fallback: undefined, handoverScore: expect.any(Number) })
  const off = await routerOver(0, { HANDOVER_THRESHOLD: 'off' })
  expect(await off.generate(question, { ...options, temperature: 0 })).toMatchObject({
    content: kept.content,
    route: 'local',
    handoverScore: undefined,
  })
  const alone = await routerOver(0, { ANTHROPIC_API_KEY: '' })
  expect(await alone.generate(question, { ...options, temperature: 0 })).toMatchObject({
    content: kept.content,
    route: 'local',
    handoverScore: undefined,
  })
  expect(claude.hits).toHaveLength(0)
})

test('an answer that its own measure takes for wrong is Claude’s, but a stream, and where Claude may not be asked', async () => {
  const verification = { ...TINY_VERIFICATION.verification, threshold: 0 }
  const router = await routerWith({ ...TINY_VERIFICATION, verification })
  expect(await router.generate(question, options)).toMatchObject({
    content: CLAUDE_TEXT,
    route: 'claude',
    fallback: 'low_confidence',
    handoverScore: undefined,
    verifyScore: expect.any(Number),
  })
  expect(claude.hits).toHaveLength(1)
  for await (const chunk of router.stream(question, options))
    if (chunk.type !== 'text') expect(chunk).toMatchObject({ route: 'local', verifyScore: undefined })
  for (const alone of [{ force: 'local' }, { privacy: 'local' }] as const)
    expect(await router.generate(question, { ...options, ...alone })).toMatchObject({
      route: 'local',
      verifyScore: undefined,
    })
  expect(claude.hits).toHaveLength(1)
})

test('the router’s own threshold for answers is the one that counts, and below it the answer is the same', async () => {
  const greedy = { ...options, temperature: 0 }
  const verification = { ...TINY_VERIFICATION.verification, threshold: 0 }
  const router = await routerWith({ ...TINY_VERIFICATION, verification }, { VERIFY_THRESHOLD: '1' })
  const kept = await router.generate(question, greedy)
  expect(kept).toMatchObject({ route: 'local', verifyScore: expect.any(Number) })
  const off = await routerWith({ ...TINY_VERIFICATION, verification }, { VERIFY_THRESHOLD: 'off' })
  expect(await off.generate(question, greedy)).toMatchObject({
    content: kept.content,
    route: 'local',
    verifyScore: undefined,
  })
  expect(claude.hits).toHaveLength(0)
})
