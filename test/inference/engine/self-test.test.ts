/** The first use of a loaded model: what is taken for a model that works. */
import { expect, test } from 'vitest'
import type { Engine } from '../../../inference/engine/engine.ts'
import { selfTest } from '../../../inference/engine/self-test.ts'
import { createScriptedEngine } from '../../support/scripted-engine.ts'

test('measures a model that answers', async () => {
  const speed = await selfTest(createScriptedEngine({ words: ['Hello', ' there'] }), () => performance.now())
  expect(speed.tokensPerSecond).toBeGreaterThan(0)
})

test('asks a model that passed before for one token only', async () => {
  const engine = createScriptedEngine({ words: ['Hello', ' there'] })
  const known = { firstTokenMs: 1, prefillTokensPerSecond: 2, tokensPerSecond: 3 }
  expect(await selfTest(engine, () => 0, known)).toBe(known)
  expect(engine.requests.map(({ maxTokens }) => maxTokens)).toEqual([1])
})

test('refuses a model that ends at once', async () => {
  await expect(selfTest(createScriptedEngine({ words: [] }), () => 0)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('ended at once'),
  })
})

test('refuses a model that answers the same question differently without sampling', async () => {
  const answers = [['Hello'], ['Goodbye']]
  const engine = {
    ...createScriptedEngine({ words: [] }),
    generate: (...asked: Parameters<Engine['generate']>) =>
      createScriptedEngine({ words: answers.shift() ?? [] }).generate(...asked),
  }
  await expect(selfTest(engine, () => 0)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('two answers'),
  })
})
