import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  TensorProto_DataType as DataType,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from '../../../../../inference/engine/onnx/graph/onnx_pb.js'
import {
  createTensor,
  elementCount,
  floatsOf,
  integersOf,
  rawBytes,
} from '../../../../../inference/engine/onnx/graph/tensor-data.ts'

test('numbers come back as they were written', () => {
  fc.assert(
    fc.property(fc.float32Array(), (values) => {
      expect(floatsOf(createTensor('t', [values.length], values))).toEqual(values)
    }),
  )
  for (const values of [Int8Array.of(-128, 127), Uint8Array.of(0, 255), Int32Array.of(-(2 ** 31), 5)])
    expect(integersOf(createTensor('t', [2], values))).toEqual([...values])
  expect(integersOf(createTensor('t', [2], BigInt64Array.of(-1n, 2n ** 40n)))).toEqual([-1, 2 ** 40])
  expect(elementCount(createTensor('t', [2, 3], new Float32Array(6)))).toBe(6)
})

test('every float16 is read as the number that it is', () => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, index) => index)
  const dims = [BigInt(bits.length)]
  // A field of a protobuf begins anywhere, also at an odd byte.
  const bytes = new Uint8Array(bits.byteLength + 1)
  bytes.set(new Uint8Array(bits.buffer), 1)
  const raw = create(TensorProtoSchema, { dims, dataType: DataType.FLOAT16, rawData: bytes.subarray(1) })
  const numbers = create(TensorProtoSchema, { dims, dataType: DataType.FLOAT16, int32Data: [...bits] })
  const view = new DataView(bits.buffer)
  const expected = Float32Array.from(bits, (_, index) => view.getFloat16(2 * index, true))
  expect(floatsOf(raw)).toEqual(expected)
  expect(floatsOf(numbers)).toEqual(expected)
})

test('has no numbers of a tensor whose data stand in another file', () => {
  const external = create(TensorProtoSchema, {
    dims: [4n],
    dataType: DataType.FLOAT,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
  })
  expect(rawBytes(external)).toBeUndefined()
  expect(floatsOf(external)).toBeUndefined()
  expect(integersOf({ ...external, dataType: DataType.INT64 })).toBeUndefined()
})
