/**
 * Router, container and the shipped model with its judge in one program, by the library: the same requests as in
 * test/e2e/judge.test.ts get the same verdicts without workerd. Only Claude is played.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRouter, type Router } from '../../llm/router.ts'
import { CLAUDE_KEY, CLAUDE_TEXT } from '../support/edge/canaries.ts'
import { CLAUDE_URL, claude, networkFetch } from '../support/edge/upstreams.ts'
import { SURELY_SIMPLE, UNSURE_COMPLEX, UNSURE_SIMPLE } from '../support/stack-client.ts'

let router: Router
beforeAll(async () => {
  router = createRouter({
    env: {
      LLM_STRATEGY: 'hybrid',
      LOCAL_LLM_ENABLED: 'true',
      LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification',
      // Short answers would be verified, which is not what is shown here.
      VERIFY_THRESHOLD: 'off',
      LOCAL_HEADERS_MS: '30000',
      LOCAL_FIRST_CONTENT_MS: '30000',
      ANTHROPIC_API_KEY: CLAUDE_KEY,
      ANTHROPIC_BASE_URL: CLAUDE_URL,
    },
    log: false,
    fetch: networkFetch,
  })
  await router.local.start()
})
afterAll(() => router?.close())

const ask = (content: string) => router.generate([{ role: 'user', content }], { maxTokens: 8, cache: 'skip' })

test('the judge keeps a simple request that the edge is unsure of, with the same score each time', async () => {
  const reply = await ask(UNSURE_SIMPLE)
  expect(reply).toMatchObject({ route: 'local', model: 'Ulfberht-135M', fallback: undefined })
  expect(reply.judgeScore).toBeLessThan(0.1)
  expect((await ask(UNSURE_SIMPLE)).judgeScore).toBe(reply.judgeScore)
  expect(claude.hits).toHaveLength(0)
})

test.each(UNSURE_COMPLEX)('the judge declines, and the strong model answers: %s', async (text) => {
  const reply = await ask(text)
  expect(reply).toMatchObject({ content: CLAUDE_TEXT, route: 'claude', fallback: 'judged_complex' })
  expect(reply.judgeScore).toBeGreaterThan(0.8)
  expect(JSON.parse(claude.hits[0]?.text ?? '').model).toBe('claude-sonnet-5-5')
})

test('nobody judges what is surely simple', async () => {
  const reply = await ask(SURELY_SIMPLE)
  expect(reply).toMatchObject({ route: 'local', reason: 'hybrid: simple task' })
  expect(reply.judgeScore).toBeUndefined()
})
