import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  judgeFileOf,
  readJudgeHead,
  scoreOf,
  writeJudgeHead,
} from '../../../../inference/engine/judge/judge-head.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { meaninglessHead } from '../../../support/tiny-judge.ts'

async function setUp() {
  const folder = temporaryFolder()
  const source = join(folder, 'model.onnx')
  writeFileSync(source, 'a graph')
  const path = join(folder, 'judge.json')
  writeFileSync(path, await meaninglessHead(source, ['a', 'b'], 3))
  const change = (more: object) =>
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...more }))
  return { folder, source, path, change }
}

test('reads what was written', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 12, maxLength: 12 }),
      // JSON has no negative zero.
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      async (weights, bias) => {
        const path = join(temporaryFolder(), 'judge.json')
        const head = {
          tensors: ['a', 'b'],
          pools: ['last', 'mean'],
          hiddenSize: 3,
          longest: { head: 160, tail: 96 },
          weights: Float32Array.from(weights),
          bias,
        } as const
        writeFileSync(path, writeJudgeHead(head, { graphSha256: 'a'.repeat(64), provenance: { seed: 7 } }))
        expect(await readJudgeHead(path)).toEqual({
          ...head,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        })
      },
    ),
    { numRuns: 20 },
  )
})

test('says why a file that is damaged, foreign or of another form cannot be used', async () => {
  const { folder, source, path, change } = await setUp()
  expect(judgeFileOf(folder)).toBe(path)
  expect(judgeFileOf(join(folder, 'elsewhere'))).toBeUndefined()
  expect(await readJudgeHead(path, source)).toMatchObject({ tensors: ['a', 'b'] })
  const whole = join(folder, 'whole.json')
  copyFileSync(path, whole)
  const reasonOf = async () => {
    const read = await readJudgeHead(path, source)
    copyFileSync(whole, path)
    return 'reason' in read ? read.reason : 'none'
  }
  const weights = Buffer.alloc(12 * 4, 1).toString('base64')
  change({ weights })
  expect(await reasonOf()).toMatch(/is damaged/)
  change({ hiddenSize: 4 })
  expect(await reasonOf()).toMatch(/is damaged/)
  change({ format: 2 })
  expect(await reasonOf()).toMatch(/no judge of format 1: format/)
  change({ pools: ['first'] })
  expect(await reasonOf()).toMatch(/no judge of format 1: pools/)
  appendFileSync(path, '…')
  expect(await reasonOf()).toMatch(/is not JSON/)
  appendFileSync(source, ' of another model')
  expect(await reasonOf()).toMatch(/made for another graph/)
})

test('a score is a probability, whatever the features, and wants as many as there are weights', () => {
  const head = { weights: Float32Array.of(1, -2), bias: 0.5 }
  expect(scoreOf(head, Float32Array.of(0, 0))).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12)
  expect(scoreOf(head, Float32Array.of(1e30, 0))).toBe(1)
  expect(scoreOf(head, Float32Array.of(0, 1e30))).toBe(0)
  expect(() => scoreOf(head, Float32Array.of(1))).toThrow(/reads 2 numbers, the model gave 1/)
})
