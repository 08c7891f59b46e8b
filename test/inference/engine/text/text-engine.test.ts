import { setTimeout as later } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { ModelInfo } from '../../../../inference/engine/engine.ts'
import { createTextEngine } from '../../../../inference/engine/text/text-engine.ts'

const info: ModelInfo = {
  name: 'test',
  displayName: 'Test',
  kind: 'text-generation',
  dtype: 'fp32',
  promptStyle: 'plain',
  contextLength: 100,
  card: undefined,
  capabilities: [],
  sizeBytes: 0,
  license: 'none',
  defaultTemperature: 0,
  repetitionPenalty: 1,
}

test('a model is freed only when the step that is under way has ended', async () => {
  const calls: string[] = []
  const engine = createTextEngine({
    info,
    serving: { loop: 'batched', weights: 'fp32', rows: 1, cacheBytesPerToken: 0, reason: undefined },
    encode: () => [1],
    constrainer: async () => () => undefined,
    decode: () => '',
    endTokens: new Set(),
    random: () => 0,
    loop: {
      async run(_sequence, { onOpen }, signal) {
        onOpen(0)
        while (!signal.aborted) await later(1)
        calls.push('last step')
      },
      dispose: async () => void calls.push('disposed'),
    },
  })
  const request = { turns: [], maxTokens: 5, stopSequences: [] }
  const events = engine.generate(request, new AbortController().signal)[Symbol.asyncIterator]()
  expect(await events.next()).toMatchObject({ value: { type: 'start' } })
  const [next] = await Promise.allSettled([events.next(), engine.close()])
  expect(next).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } })
  expect(calls).toEqual(['last step', 'disposed'])
})
