/** What a program is told of a second look: by the container's judge, by a decision model, by nobody. */
import { HttpResponse } from 'msw/http'
import { expect, test } from 'vitest'
import { CLAUDE_TEXT, LOCAL_SECRET, LOCAL_TEXT, SIMPLE_PROMPT } from '../support/edge/canaries.ts'
import { framesOf, localMessage } from '../support/edge/messages.ts'
import {
  CONTAINER_URL,
  container,
  DECISIONS_URL,
  decisions,
  readiness,
  ready,
  streamOf,
} from '../support/edge/upstreams.ts'
import { createTestRouter } from './support.ts'

const simple = [{ role: 'user', content: SIMPLE_PROMPT }] as const
/** No score is below this threshold, so that whatever is not surely complex is unsure. */
const UNSURE = {
  ROUTER_THRESHOLD: '0',
  JUDGE_THRESHOLD: '0.4',
  LOCAL_LLM_URL: CONTAINER_URL,
  LOCAL_LLM_SECRET: LOCAL_SECRET,
}

test('tells the score of the container’s judge, whether it keeps or declines', async () => {
  readiness.answer(() => ready({ judge: { model: 'tiny-model', head: 'abc' } }))
  const router = createTestRouter(UNSURE)
  container.answer(() => streamOf(framesOf(localMessage()), { headers: { 'x-judge-score': '0.1234' } }))
  const kept = { content: LOCAL_TEXT, route: 'local', fallback: undefined, judgeScore: 0.1234 }
  expect(await router.generate(simple, { cache: 'skip' })).toMatchObject(kept)
  for await (const chunk of router.stream(simple, { cache: 'skip' }))
    if (chunk.type === 'end') expect(chunk).toMatchObject(kept)
  container.answer(() =>
    HttpResponse.json(
      { type: 'error', error: { type: 'judged_complex', message: 'too complex' }, request_id: 'req_1' },
      { status: 409, headers: { 'x-judge-score': '0.9123', 'x-queue-depth': '0' } },
    ),
  )
  expect(await router.generate(simple, { cache: 'skip' })).toMatchObject({
    content: CLAUDE_TEXT,
    route: 'claude',
    fallback: 'judged_complex',
    judgeScore: 0.9123,
  })
})

test('tells the score of a decision model', async () => {
  decisions.answer(() => Response.json({ model: 'clef', answers: { complex: { type: 'noul', noul: 0.01 } } }))
  const router = createTestRouter({ ...UNSURE, SECOND_LOOK_URL: DECISIONS_URL })
  expect(await router.generate(simple)).toMatchObject({ route: 'local', judgeScore: 0.01 })
})

test('tells none where nobody was asked', async () => {
  const router = createTestRouter({ ...UNSURE, ROUTER_THRESHOLD: '1', JUDGE_THRESHOLD: 'off' })
  const reply = await router.generate(simple)
  expect(reply).toMatchObject({ route: 'local' })
  expect(reply.judgeScore).toBeUndefined()
})
