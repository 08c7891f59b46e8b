import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FourBitMatrix, roundToQ8_0, toQ4_1, toQ8_0 } from '../../../../bench/inference/gguf/blocks.ts'

const BLOCK = 32
const ROWS = 3

/** Two blocks of weights a row, and a third of offsets. */
const matrices = fc
  .record({
    codes: fc.uint8Array({ minLength: ROWS * 3 * 16, maxLength: ROWS * 3 * 16 }),
    zeroPoints: fc.uint8Array({ minLength: ROWS * 2, maxLength: ROWS * 2 }),
    // Half-precision numbers: few bits.
    scales: fc.array(fc.integer({ min: 1, max: 1023 }), { minLength: ROWS * 3, maxLength: ROWS * 3 }),
  })
  .map(
    ({ codes, zeroPoints, scales }): FourBitMatrix => ({
      columns: 2 * BLOCK,
      blocks: 3,
      codes,
      zeroPoints,
      scales: Float32Array.from(scales, (scale) => scale / 4096),
    }),
  )

test('the weights of Q4_1 blocks are those of the graph, to the rounding of their minimum', () => {
  fc.assert(
    fc.property(matrices, fc.subarray([2, 0, 1], { minLength: 1 }), (matrix, rows) => {
      const weights = readQ4_1(toQ4_1(matrix, rows))
      const wanted = rows.flatMap((row) => weightsOf(matrix, row))
      expect(weights).toHaveLength(wanted.length)
      for (const [index, weight] of weights.entries())
        expect(Math.abs(weight - (wanted[index] ?? Number.NaN))).toBeLessThanOrEqual(8 * 2 ** -11)
    }),
  )
})

test('the weights of Q8_0 blocks are those of the graph, to half a step', () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const weights = readQ8_0(roundToQ8_0(matrix, [1]))
      const wanted = weightsOf(matrix, 1)
      for (const block of [0, 1]) {
        const own = wanted.slice(block * BLOCK, (block + 1) * BLOCK)
        const step = Math.max(...own.map(Math.abs)) / 127
        for (const [index, weight] of own.entries())
          expect(Math.abs(weight - (weights[block * BLOCK + index] ?? Number.NaN))).toBeLessThanOrEqual(
            step * 0.5 + step * 127 * 2 ** -11,
          )
      }
    }),
  )
})

test('8-bit codes around 128 keep their numbers', () => {
  const codes = Uint8Array.from({ length: BLOCK }, (_, index) => index * 8)
  expect(readQ8_0(toQ8_0(codes, Float32Array.of(0.5)))).toEqual([...codes].map((code) => (code - 128) / 2))
})

/** weight = scale × (code − zero point) + offset, where the third block's numbers are the other blocks' offsets. */
function weightsOf({ codes, scales, zeroPoints }: FourBitMatrix, row: number): number[] {
  const nibble = (bytes: Uint8Array, index: number) => ((bytes[index >> 1] ?? 0) >> (index % 2 ? 4 : 0)) & 15
  const numberAt = (block: number, column: number) =>
    (scales[row * 3 + block] ?? 0) *
    (nibble(codes, (row * 3 + block) * BLOCK + column) - nibble(zeroPoints, row * 4 + block))
  return [0, 1].flatMap((block) =>
    Array.from({ length: BLOCK }, (_, column) => numberAt(block, column) + numberAt(2, block)),
  )
}

function readQ4_1(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length / 20 }, (_, block) => block * 20).flatMap((at) => {
    const [scale, minimum] = [half(view.getUint16(at, true)), half(view.getUint16(at + 2, true))]
    const codes = [...bytes.subarray(at + 4, at + 20)]
    return [...codes.map((code) => code & 15), ...codes.map((code) => code >> 4)].map(
      (code) => scale * code + minimum,
    )
  })
}

function readQ8_0(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length / 34 }, (_, block) => block * 34).flatMap((at) =>
    Array.from({ length: BLOCK }, (_, code) => half(view.getUint16(at, true)) * view.getInt8(at + 2 + code)),
  )
}

function half(bits: number): number {
  const exponent = (bits >> 10) & 31
  const size = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15)
  return bits & 0x8000 ? -size : size
}
