import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDecoder, type DecoderRow } from '../../../../inference/engine/onnx/decoder.ts'
import { type DecoderStage, loadDecoderStage } from '../../../../inference/engine/onnx/decoder-stage.ts'
import { createPrefixCache } from '../../../../inference/engine/onnx/prefix-cache.ts'
import type { Logits, StepModel } from '../../../../inference/engine/step-model.ts'
import { compileTinyDecoder } from '../../../support/tiny-decoder.ts'

const folder = mkdtempSync(join(tmpdir(), 'decoder-'))
afterAll(() => rmSync(folder, { recursive: true }))

const MAX_ROWS = 4
const MOST_TOKENS = 6

type Request = {
  readonly ids: readonly number[]
  /** Tokens that are made before the row leaves. */
  readonly tokens: number
  /** Rounds to wait before it joins. */
  readonly delay: number
  readonly scope: string | undefined
}

const bitsOf = (logits: Logits) =>
  Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength).toString('base64')

const likeliest = (logits: Logits) => logits.indexOf(Math.max(...logits))

const request: fc.Arbitrary<Request> = fc.record({
  ids: fc
    .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 400 }))
    .map(([length, kind, changed]) =>
      Array.from({ length }, (_, index) => (index === changed ? 7 : 20 + ((index * 31 + kind * 17) % 900))),
    ),
  tokens: fc.integer({ min: 0, max: MOST_TOKENS }),
  delay: fc.integer({ min: 0, max: 4 }),
  scope: fc.constantFrom(undefined, 'a', 'b'),
})

/** Plays requests against each other, as they come, and returns the bits of the logits that each got. */
async function play(model: StepModel<DecoderRow>, requests: readonly Request[]): Promise<string[][]> {
  const bits: string[][] = requests.map(() => [])
  const tokens = new Map<DecoderRow, number>()
  const running = new Map<DecoderRow, number>()
  const waiting = requests.map((each, index) => ({ each, index }))
  let reading: { readonly row: DecoderRow; readonly index: number } | undefined
  const take = (row: DecoderRow, index: number, logits: Logits) => {
    bits[index]?.push(bitsOf(logits))
    tokens.set(row, likeliest(logits))
    const done = (bits[index]?.length ?? 0) > (requests[index]?.tokens ?? 0)
    if (!done) return void running.set(row, index)
    running.delete(row)
    model.close(row)
  }
  for (let round = 0; waiting.length + running.size > 0 || reading; round++) {
    const next = waiting.findIndex(({ each }) => each.delay <= round)
    if (!reading && next !== -1 && running.size < model.maxRows) {
      const [{ each, index } = { each: undefined, index: 0 }] = waiting.splice(next, 1)
      const { ids = [], scope } = each ?? {}
      reading = { row: model.open({ ids, cacheScope: scope, maxTokens: ids.length + MOST_TOKENS }), index }
    }
    if (reading) {
      const { row, index } = reading
      const logits = await model.read(row)
      if (logits) {
        reading = undefined
        take(row, index, logits)
      }
    }
    const rows = [...running.keys()]
    if (rows.length === 0) continue
    const logits = await model.step(
      rows,
      rows.map((row) => tokens.get(row) ?? 0),
    )
    for (const [index, row] of rows.entries()) take(row, running.get(row) ?? 0, logits[index] as Logits)
  }
  return bits
}

for (const weights of ['stored', 'int8'] as const)
  describe(`a decoder with ${weights} weights`, () => {
    let stage: DecoderStage
    beforeAll(async () => {
      stage = await loadDecoderStage(await compileTinyDecoder(weights, folder), 1)
    })
    afterAll(() => stage.dispose())
    const decoder = (prefixBytes: number) =>
      createDecoder({
        stages: [stage],
        maxRows: MAX_ROWS,
        prefixCache: createPrefixCache({ maxBytes: prefixBytes, shapes: [stage.shape], common: [[20, 51]] }),
      })

    test('gives each request the bits that it gets alone, whoever shares its steps and whatever is remembered', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(request, { minLength: 2, maxLength: 7 }),
          fc.constantFrom(0, 200_000, 5_000_000),
          async (requests, prefixBytes) => {
            const together = await play(decoder(prefixBytes), requests)
            for (const [index, each] of requests.entries())
              expect(together[index]).toEqual((await play(decoder(0), [{ ...each, scope: undefined }]))[0])
          },
        ),
        { numRuns: 12 },
      )
    })

    test('goes on with what others hold when a row leaves in the middle of its prompt', async () => {
      const model = decoder(0)
      const ids = Array.from({ length: 150 }, (_, index) => 30 + (index % 500))
      const left = model.open({ ids, cacheScope: undefined, maxTokens: 200 })
      await model.read(left)
      model.close(left)
      const stays: Request = { ids, tokens: 3, delay: 0, scope: undefined }
      expect(await play(model, [stays])).toEqual(await play(decoder(0), [stays]))
      await expect(model.read(left)).rejects.toThrow(RangeError)
    })
  })
