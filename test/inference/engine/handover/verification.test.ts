/** What log-probabilities say of an answer, and those that the tiny decoder gives of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../../../inference/engine/create-engine.ts'
import type { Engine } from '../../../../inference/engine/engine.ts'
import { MEASURE_NAMES } from '../../../../inference/engine/handover/handover-file.ts'
import { verificationOf, verificationScore } from '../../../../inference/engine/handover/verification.ts'
import { resolveModel, SHIPPED_DIR } from '../../../../inference/models/resolve.ts'
import { compileTinyDecoder } from '../../../support/tiny-decoder.ts'
import { makeTinyHandover, TINY_VERIFICATION } from '../../../support/tiny-handover.ts'

const root = mkdtempSync(join(tmpdir(), 'verification-'))
let engine: Engine

beforeAll(async () => {
  const folder = mkdtempSync(join(root, 'model-'))
  makeTinyHandover(folder, TINY_VERIFICATION)
  const model = resolveModel(folder, { shippedDir: SHIPPED_DIR, cacheDir: root }, 'fp32')
  const parts = [await compileTinyDecoder('stored', root)]
  const settings = { threads: 1, maxRows: 4, prefixCacheBytes: 0 }
  engine = await createEngine(model, { form: 'decoder', parts, weights: 'fp32' }, settings, Math.random)
})
afterAll(async () => {
  await engine.close()
  rmSync(root, { recursive: true })
})

const logprobs = fc.array(fc.double({ min: -40, max: 0, noNaN: true }), { minLength: 1, maxLength: 70 })

test('scores are from 0, what is certain, to 1, and a less probable token never lowers them', () => {
  fc.assert(
    fc.property(logprobs, fc.nat(), fc.constantFrom(...MEASURE_NAMES), (given, at, measure) => {
      const score = verificationScore(measure, given)
      expect(score).toBeGreaterThanOrEqual(0)
      expect(score).toBeLessThanOrEqual(1)
      const worse = given.with(at % given.length, (given[at % given.length] ?? 0) - 1)
      expect(verificationScore(measure, worse)).toBeGreaterThanOrEqual(score)
      expect(
        verificationScore(
          measure,
          given.map(() => 0),
        ),
      ).toBe(0)
    }),
  )
  expect(verificationScore('lowest', [Math.log(0.9), Math.log(0.2)])).toBeCloseTo(0.8)
  expect(verificationScore('mean', [Math.log(0.8), Math.log(0.2)])).toBeCloseTo(0.6)
})

test('an engine whose model has that part alone says how its answers are verified, and hands nothing over', () => {
  expect(verificationOf(engine.serving())).toEqual({
    measure: 'lowest',
    tasks: ['simple_chat'],
    threshold: 0.5,
  })
  expect(engine.serving()?.handover).toBeUndefined()
})

test('an answer tells the log-probabilities of all its tokens and of its end, where they are asked for', async () => {
  for (const asked of [true, false])
    for (const text of ['What is the capital of France?', 'the weather', 'why code?']) {
      const turns = [{ role: 'user' as const, text }]
      const request = { turns, maxTokens: 6, stopSequences: [], temperature: 0, logprobs: asked }
      let sum = 0
      let end: { stopReason: string; outputTokens: number; logprobs?: readonly number[] } | undefined
      for await (const event of engine.generate(request, new AbortController().signal))
        if (event.type === 'text') sum += (event.logprob ?? 0) * event.tokens
        else if (event.type === 'end') end = event
      if (!asked) {
        expect(end).not.toHaveProperty('logprobs')
        continue
      }
      const ended = end?.stopReason === 'end_turn' ? 1 : 0
      expect(end?.logprobs).toHaveLength((end?.outputTokens ?? 0) + ended)
      const ofText = end?.logprobs?.slice(0, end.outputTokens) ?? []
      expect(ofText.reduce((total, logprob) => total + logprob, 0)).toBeCloseTo(sum)
    }
})
