import { expect, test } from 'vitest'
import { probeExactness } from '../../../../inference/engine/onnx/exactness.ts'
import type { Row, StepModel } from '../../../../inference/engine/step-model.ts'

/** Its logits tell the row's length and, where rows change each other, how many shared the step. */
function model(maxRows: number, rowsMix: boolean): StepModel<Row & { length: number }> {
  return {
    maxRows,
    open: ({ ids }) => ({ length: ids.length, cachedTokens: 0 }),
    read: async (row) => Float32Array.of(row.length, 0),
    step: async (rows) => rows.map((row) => Float32Array.of(++row.length, rowsMix ? rows.length : 1)),
    close: () => {},
    dispose: async () => {},
  }
}

const SAMPLE = [5, 6, 7, 8]

for (const maxRows of [2, 3, 8])
  test(`finds out whether ${maxRows} rows that share steps change each other`, async () => {
    expect((await probeExactness(model(maxRows, true), SAMPLE)).rows).toMatch(/change each other/)
    expect(await probeExactness(model(maxRows, false), SAMPLE)).toEqual({
      rows: undefined,
      prefix: undefined,
    })
  })

test('has nothing to find out about a single row', async () => {
  expect((await probeExactness(model(1, true), SAMPLE)).rows).toBeUndefined()
})
