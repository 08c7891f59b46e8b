/** What a visitor sets becomes what is sent. */
import { expect, test } from 'vitest'
import { createAskRequest, USUAL_OPTIONS } from '../../../../edge/pages/playground/ask-options.ts'

const messages = [{ role: 'user', content: 'Hi' }] as const

test('the usual options ask the router to pick, in a stream, with no header', () => {
  expect(createAskRequest(USUAL_OPTIONS, messages)).toEqual({
    body: { model: 'auto', max_tokens: 512, stream: true, messages },
    headers: {},
  })
})

test('everything that is set is sent', () => {
  const { body, headers } = createAskRequest(
    { model: ' claude-auto ', system: 'Be brief.', maxTokens: 5, strategy: 'local_only', skipCache: true },
    messages,
    'claude',
  )
  expect(body).toMatchObject({ model: 'claude-auto', system: 'Be brief.', max_tokens: 5 })
  expect(headers).toEqual({
    'x-router-strategy': 'local_only',
    'x-router-force': 'claude',
    'x-router-cache': 'skip',
  })
})

test('an empty model means auto, a system prompt of blanks none', () => {
  const { body } = createAskRequest({ ...USUAL_OPTIONS, model: ' ', system: ' \n' }, messages)
  expect(body.model).toBe('auto')
  expect(body).not.toHaveProperty('system')
})
