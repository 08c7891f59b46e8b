import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '../../../../inference/engine/engine.ts'
import { createOnnxEngine } from '../../../../inference/engine/onnx/engine.ts'
import { tinyModel } from '../../../contract/engine.ts'
import { compileTinyDecoder } from '../../../support/tiny-decoder.ts'

const SHARED = 'You are the assistant of a shop for lamps. '.repeat(12)
const OWN = 'You are the keeper of one secret. '.repeat(14)
const folder = mkdtempSync(join(tmpdir(), 'engine-'))
let engine: Engine
beforeAll(async () => {
  const model = tinyModel('tiny-llama')
  engine = await createOnnxEngine(
    { ...model, info: { ...model.info, promptStyle: 'chat' } },
    { form: 'decoder', parts: [await compileTinyDecoder('int8', folder)], weights: 'int8' },
    {
      threads: 1,
      maxRows: 4,
      prefixCacheBytes: 10_000_000,
      sharedSystemPrompt: SHARED,
      random: Math.random,
    },
  )
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true })
})

async function ask(cacheScope: string | undefined, system: string, question = 'Hi!') {
  const request = {
    system,
    turns: [{ role: 'user' as const, text: question }],
    maxTokens: 6,
    stopSequences: [],
    temperature: 0,
    cacheScope,
  }
  let text = ''
  let cached = -1
  for await (const event of engine.generate(request, new AbortController().signal)) {
    if (event.type === 'start') cached = event.cachedTokens
    else if (event.type === 'text') text += event.text
  }
  return { text, cached }
}

test('remembers a prompt for its own scope only, and answers as if it had not', async () => {
  const first = await ask('a', OWN)
  expect(first.cached).toBe(0)
  const again = await ask('a', OWN)
  expect(again.cached).toBeGreaterThan(0)
  expect(again.text).toBe(first.text)
  expect(await ask('b', OWN)).toEqual(first)
  expect((await ask(undefined, OWN)).cached).toBe(0)
})

test('what was computed of the operator’s own system prompt serves every scope', async () => {
  const first = await ask('c', SHARED)
  const other = await ask('d', SHARED)
  expect(other.cached).toBeGreaterThan(0)
  expect(other.text).toBe(first.text)
})

test('tells how full its steps were and what it remembered', async () => {
  const before = engine.stats?.()
  await Promise.all([1, 2, 3].map((index) => ask('e', OWN, `Question ${index}?`)))
  const after = engine.stats?.()
  expect((after?.rowSteps ?? 0) - (before?.rowSteps ?? 0)).toBe(15)
  expect((after?.steps ?? 0) - (before?.steps ?? 0)).toBeLessThan(15)
  expect(after?.prefixHitTokens ?? 0).toBeGreaterThan(0)
  expect(after).toMatchObject({ rowsInUse: 0 })
  expect(engine.serving()).toMatchObject({
    loop: 'batched',
    weights: 'int8',
    rows: 4,
    cacheBytesPerToken: 512,
  })
})
