/**
 * Constant tensors of a graph as numbers and back. Reads what stands in the file itself; knows no operator.
 */
import { create } from '@bufbuild/protobuf'
import {
  TensorProto_DataType as DataType,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from './onnx_pb.js'

export type TensorArray = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array

/** Returns the bytes of a tensor, or undefined where they stand elsewhere or as numbers. */
export function rawBytes(tensor: TensorProto): Uint8Array | undefined {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) return undefined
  const count = elementCount(tensor)
  return tensor.rawData.length > 0 || count === 0 ? tensor.rawData : undefined
}

/** Returns a float32 or float16 tensor as float32; undefined for tensors of another type or without data here. */
export function floatsOf(tensor: TensorProto): Float32Array | undefined {
  const raw = rawBytes(tensor)
  const { dataType, floatData, int32Data } = tensor
  if (dataType === DataType.FLOAT)
    return complete(tensor, raw ? new Float32Array(aligned(raw, 4)) : Float32Array.from(floatData))
  if (dataType !== DataType.FLOAT16) return undefined
  const bits = complete(tensor, raw ? new Uint16Array(aligned(raw, 2)) : Uint16Array.from(int32Data))
  return bits && decodeFloat16(bits)
}

/** Returns an integer tensor's numbers; undefined for tensors of another type or without data here. */
export function integersOf(tensor: TensorProto): readonly number[] | undefined {
  const numbers = storedIntegers(tensor)
  return numbers && complete(tensor, numbers)
}

function storedIntegers(tensor: TensorProto): number[] | undefined {
  const raw = rawBytes(tensor)
  switch (tensor.dataType) {
    case DataType.INT64:
      return Array.from(raw ? new BigInt64Array(aligned(raw, 8)) : tensor.int64Data, Number)
    case DataType.INT32:
      return Array.from(raw ? new Int32Array(aligned(raw, 4)) : tensor.int32Data)
    case DataType.INT8:
      return Array.from(raw ? new Int8Array(aligned(raw, 1)) : tensor.int32Data)
    case DataType.UINT8:
      return Array.from(raw ?? tensor.int32Data)
    default:
      return undefined
  }
}

/** Data that stand in another file are not here: fewer numbers than a tensor has are none. */
function complete<T extends { readonly length: number }>(tensor: TensorProto, numbers: T): T | undefined {
  return numbers.length === elementCount(tensor) ? numbers : undefined
}

/** Returns a constant tensor with the array's own type; its bytes are not copied. */
export function createTensor(name: string, dims: readonly number[], data: TensorArray): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: dataTypeOf(data),
    rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  })
}

/** Returns the number of elements that a tensor's dimensions tell. */
export function elementCount(tensor: TensorProto): number {
  return tensor.dims.reduce((product, dim) => product * Number(dim), 1)
}

function dataTypeOf(data: TensorArray): DataType {
  if (data instanceof Float32Array) return DataType.FLOAT
  if (data instanceof Int8Array) return DataType.INT8
  if (data instanceof Uint8Array) return DataType.UINT8
  if (data instanceof Int32Array) return DataType.INT32
  return DataType.INT64
}

/** A typed array must begin at a multiple of its element's size; a field of a protobuf begins anywhere. */
function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  const copy = new Uint8Array(Math.floor(bytes.length / size) * size)
  copy.set(bytes.subarray(0, copy.length))
  return copy.buffer
}

let float16Numbers: Float32Array | undefined

/** There are few enough float16 numbers to know them all. */
function decodeFloat16(bits: Uint16Array): Float32Array {
  float16Numbers ??= Float32Array.from({ length: 2 ** 16 }, (_, each) => float16ToNumber(each))
  const numbers = new Float32Array(bits.length)
  for (let index = 0; index < bits.length; index++) numbers[index] = float16Numbers[bits[index] ?? 0] ?? 0
  return numbers
}

/** Source: IEEE 754 binary16. */
function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
