/**
 * Writes GGUF version 3: metadata, tensor descriptions, tensor data. Knows the container format and the three tensor
 * types that are used here; what a model's tensors and keys are called is model-gguf.ts's business.
 *
 * Layout and numbers: ggml's docs/gguf.md.
 */

/** Values by their type in the file; a whole number is written as uint32, as llama.cpp reads counts and token ids. */
export type GgufValue =
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int32[]'; readonly value: readonly number[] }
  | { readonly type: 'string[]'; readonly value: readonly string[] }

export type GgufTensor = {
  readonly name: string
  readonly type: 'F32' | 'Q4_1' | 'Q8_0'
  /** Rows and columns, or the length of a vector. */
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

const VERSION = 3
const ALIGNMENT = 32
const TENSOR_TYPES = { F32: 0, Q4_1: 3, Q8_0: 8 } as const
const VALUE_TYPES = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const

/** Returns the parts of the file, in their order. */
export function encodeGguf(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): readonly Uint8Array[] {
  const parts: Uint8Array[] = [
    Buffer.from('GGUF'),
    uint32(VERSION),
    uint64(tensors.length),
    uint64(metadata.size),
  ]
  for (const [key, value] of metadata) parts.push(string(key), ...encodeValue(value))
  let offset = 0
  for (const { name, type, shape, data } of tensors) {
    // The fastest dimension comes first.
    parts.push(string(name), uint32(shape.length), ...shape.toReversed().map(uint64))
    parts.push(uint32(TENSOR_TYPES[type]), uint64(offset))
    offset += data.byteLength + padding(data.byteLength).byteLength
  }
  parts.push(padding(parts.reduce((sum, part) => sum + part.byteLength, 0)))
  for (const { data } of tensors) parts.push(data, padding(data.byteLength))
  return parts
}

function encodeValue(entry: GgufValue): readonly Uint8Array[] {
  switch (entry.type) {
    case 'uint32':
      return [uint32(VALUE_TYPES.uint32), uint32(entry.value)]
    case 'float32':
      return [uint32(VALUE_TYPES.float32), new Uint8Array(Float32Array.of(entry.value).buffer)]
    case 'bool':
      return [uint32(VALUE_TYPES.bool), Uint8Array.of(entry.value ? 1 : 0)]
    case 'string':
      return [uint32(VALUE_TYPES.string), string(entry.value)]
    case 'int32[]': {
      const values = new Uint8Array(Int32Array.from(entry.value).buffer)
      return [uint32(VALUE_TYPES.array), uint32(VALUE_TYPES.int32), uint64(entry.value.length), values]
    }
    case 'string[]': {
      const values = entry.value.map(string)
      return [uint32(VALUE_TYPES.array), uint32(VALUE_TYPES.string), uint64(values.length), ...values]
    }
  }
}

function string(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return Buffer.concat([uint64(bytes.byteLength), bytes])
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}

function uint64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & (ALIGNMENT - 1))
}
