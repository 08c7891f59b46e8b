import { expect, test } from 'vitest'
import { encodeGguf, type GgufTensor, type GgufValue } from '../../../../bench/inference/gguf/gguf.ts'

const metadata = new Map<string, GgufValue>([
  ['general.architecture', { type: 'string', value: 'llama' }],
  ['llama.block_count', { type: 'uint32', value: 2 }],
  ['llama.rope.freq_base', { type: 'float32', value: 100_000 }],
  ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
  ['tokenizer.ggml.tokens', { type: 'string[]', value: ['a', 'Ġö', ''] }],
  ['tokenizer.ggml.token_type', { type: 'int32[]', value: [1, 1, 3] }],
])
const tensors: GgufTensor[] = [
  { name: 'norm.weight', type: 'F32', shape: [3], data: new Uint8Array(Float32Array.of(1, 2, 3).buffer) },
  { name: 'blk.0.weight', type: 'Q4_1', shape: [2, 32], data: new Uint8Array(40).fill(7) },
  { name: 'embd.weight', type: 'Q8_0', shape: [1, 64], data: new Uint8Array(68).fill(9) },
]

test('what was written is read back, each tensor from an aligned place', () => {
  const read = readGguf(Buffer.concat(encodeGguf(metadata, tensors)))
  expect(read.metadata).toEqual(new Map([...metadata].map(([key, { value }]) => [key, value])))
  expect(read.tensors).toEqual([
    { name: 'norm.weight', type: 0, shape: [3], data: bytesOf(tensors[0]) },
    { name: 'blk.0.weight', type: 3, shape: [32, 2], data: bytesOf(tensors[1]) },
    { name: 'embd.weight', type: 8, shape: [64, 1], data: bytesOf(tensors[2]) },
  ])
})

test('a file without tensors is a whole one', () => {
  expect(readGguf(Buffer.concat(encodeGguf(new Map(), [])))).toEqual({ metadata: new Map(), tensors: [] })
})

function bytesOf(tensor: GgufTensor | undefined): number[] {
  return [...(tensor?.data ?? [])]
}

/** Reads GGUF version 3 as ggml's docs/gguf.md tells it. */
function readGguf(file: Buffer) {
  let at = 0
  /** Where the next bytes are. */
  const take = (bytes: number) => {
    at += bytes
    return at - bytes
  }
  const uint32 = () => file.readUInt32LE(take(4))
  const uint64 = () => Number(file.readBigUInt64LE(take(8)))
  const string = () => {
    const length = uint64()
    const start = take(length)
    return file.toString('utf8', start, start + length)
  }
  const value = (type: number): unknown => {
    if (type === 4) return uint32()
    if (type === 5) return file.readInt32LE(take(4))
    if (type === 6) return file.readFloatLE(take(4))
    if (type === 7) return file.readUInt8(take(1)) === 1
    if (type === 8) return string()
    if (type !== 9) throw new Error(`type ${type}`)
    const element = uint32()
    return Array.from({ length: uint64() }, () => value(element))
  }
  expect(file.toString('latin1', 0, 4)).toBe('GGUF')
  take(4)
  expect(uint32()).toBe(3)
  const tensorCount = uint64()
  const metadata = new Map(Array.from({ length: uint64() }, () => [string(), value(uint32())] as const))
  const infos = Array.from({ length: tensorCount }, () => ({
    name: string(),
    shape: Array.from({ length: uint32() }, uint64),
    type: uint32(),
    offset: uint64(),
  }))
  const start = Math.ceil(at / 32) * 32
  const size = { 0: 4, 3: 20 / 32, 8: 34 / 32 } as Record<number, number>
  const tensors = infos.map(({ name, shape, type, offset }) => {
    expect(offset % 32).toBe(0)
    const bytes = shape.reduce((product, dim) => product * dim, size[type] ?? Number.NaN)
    return { name, shape, type, data: [...file.subarray(start + offset, start + offset + bytes)] }
  })
  return { metadata, tensors }
}
