/**
 * From the blocks of an ONNX graph's quantised matrices to ggml's: the same codes in another packing. Nothing is rounded
 * but the minimum of a 4-bit block, to float16.
 */
import { toFloat16 } from './float16.ts'

/** Weights that share a scale, in both formats. */
const BLOCK = 32

/** Operands of a MatMulNBits node of 4 bits, blocks of 32: weight = scale × (code − zero point). */
export type FourBitMatrix = {
  /** Columns that stand for weights, a multiple of 32. */
  readonly columns: number
  /** Blocks of a row, those after the weights' included: they hold one offset for each block of weights. */
  readonly blocks: number
  /** Codes, two a byte, the first in the low half: [rows, blocks, 16]. */
  readonly codes: Uint8Array
  /** Half-precision numbers: [rows, blocks]. */
  readonly scales: Float32Array
  /** Two a byte, the first in the low half: [rows, ⌈blocks / 2⌉]. */
  readonly zeroPoints: Uint8Array
}

const CODE_BYTES = BLOCK / 2
const Q4_1_BYTES = 4 + CODE_BYTES
const Q8_0_BYTES = 2 + BLOCK
const EIGHT_BIT_ZERO = 128
const LARGEST_CODE = 127

/**
 * Returns the Q4_1 blocks of some rows: scale and minimum as float16, then the codes, those of the block's first half in
 * the low halves of the bytes.
 * @param rows which rows of the matrix, in the order they are written
 */
export function toQ4_1(matrix: FourBitMatrix, rows: readonly number[]): Uint8Array {
  const { columns, blocks, codes, scales } = matrix
  const weightBlocks = columns / BLOCK
  const bytes = new Uint8Array(rows.length * weightBlocks * Q4_1_BYTES)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const row of rows)
    for (let block = 0; block < weightBlocks; block++) {
      const index = row * blocks + block
      const scale = scales[index] ?? 0
      const minimum = offsetOf(matrix, row, block) - scale * zeroPoint(matrix, row, block)
      view.setUint16(at, toFloat16(scale), true)
      view.setUint16(at + 2, toFloat16(minimum), true)
      for (let code = 0; code < CODE_BYTES; code++)
        bytes[at + 4 + code] =
          nibble(codes, index * BLOCK + code) | (nibble(codes, index * BLOCK + CODE_BYTES + code) << 4)
      at += Q4_1_BYTES
    }
  return bytes
}

/**
 * Returns the Q8_0 blocks of some rows, rounded anew: a step of them is a 17th of a 4-bit block's at most.
 * @param rows which rows of the matrix, in the order they are written
 */
export function roundToQ8_0(matrix: FourBitMatrix, rows: readonly number[]): Uint8Array {
  const { columns, blocks, codes, scales } = matrix
  const weightBlocks = columns / BLOCK
  const bytes = new Uint8Array(rows.length * weightBlocks * Q8_0_BYTES)
  const view = new DataView(bytes.buffer)
  const weights = new Float64Array(BLOCK)
  let at = 0
  for (const row of rows)
    for (let block = 0; block < weightBlocks; block++) {
      const index = row * blocks + block
      const scale = scales[index] ?? 0
      const minimum = offsetOf(matrix, row, block) - scale * zeroPoint(matrix, row, block)
      let largest = 0
      for (let code = 0; code < BLOCK; code++) {
        const weight = scale * nibble(codes, index * BLOCK + code) + minimum
        weights[code] = weight
        largest = Math.max(largest, Math.abs(weight))
      }
      const step = largest / LARGEST_CODE
      view.setUint16(at, toFloat16(step), true)
      for (const [code, weight] of weights.entries())
        view.setInt8(at + 2 + code, step === 0 ? 0 : Math.round(weight / step))
      at += Q8_0_BYTES
    }
  return bytes
}

/**
 * Returns Q8_0 blocks: the scale as float16, then 32 signed codes.
 * @param codes unsigned around 128, [blocks, 32]
 * @param scales half-precision numbers, [blocks]
 */
export function toQ8_0(codes: Uint8Array, scales: Float32Array): Uint8Array {
  const bytes = new Uint8Array(scales.length * Q8_0_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [block, scale] of scales.entries()) {
    const at = block * Q8_0_BYTES
    view.setUint16(at, toFloat16(scale), true)
    for (let code = 0; code < BLOCK; code++)
      view.setInt8(at + 2 + code, (codes[block * BLOCK + code] ?? 0) - EIGHT_BIT_ZERO)
  }
  return bytes
}

/** What is added to every weight of the block: the code of that number in the columns after the weights, where there are any. */
function offsetOf(matrix: FourBitMatrix, row: number, block: number): number {
  const holder = matrix.columns / BLOCK + Math.floor(block / BLOCK)
  if (holder >= matrix.blocks) return 0
  const index = row * matrix.blocks + holder
  const code = nibble(matrix.codes, index * BLOCK + (block % BLOCK))
  return (matrix.scales[index] ?? 0) * (code - zeroPoint(matrix, row, holder))
}

function zeroPoint({ blocks, zeroPoints }: FourBitMatrix, row: number, block: number): number {
  return nibble(zeroPoints, row * Math.ceil(blocks / 2) * 2 + block)
}

function nibble(bytes: Uint8Array, index: number): number {
  return ((bytes[index >> 1] ?? 0) >> ((index & 1) * 4)) & 15
}
