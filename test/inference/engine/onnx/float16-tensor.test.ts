import { create } from '@bufbuild/protobuf'
import { InferenceSession } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { float16Bits, float16Tensor, passOn } from '../../../../inference/engine/onnx/float16-tensor.ts'
import { ELEMENT, Graph } from '../../../../inference/engine/onnx/graph/graph.ts'
import { createNode } from '../../../../inference/engine/onnx/graph/node.ts'
import { GraphProtoSchema, ModelProtoSchema } from '../../../../inference/engine/onnx/graph/onnx_pb.js'

test('float16 goes through a session bit by bit, and what comes out goes in again', async () => {
  const graph = create(GraphProtoSchema, { name: 'negate' })
  const opsetImport = [{ domain: '', version: 13n }]
  const negate = new Graph(create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }), graph)
  for (const [name, add] of [
    ['x', negate.addInput],
    ['y', negate.addOutput],
  ] as const)
    add.call(negate, { name, elementType: ELEMENT.FLOAT16, dims: ['size'] })
  negate.setNodes([createNode('Neg', ['x'], ['y'])])
  const session = await InferenceSession.create(negate.encode())

  // 1, -2, the smallest number, the largest one, -0.
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000)
  const { y } = await session.run({ x: float16Tensor(bits, [bits.length]) })
  if (!y) throw new Error('nothing came out')
  expect([...float16Bits(y)]).toEqual([...bits].map((half) => half ^ 0x8000))
  const again = await session.run({ x: passOn(y) })
  if (!again.y) throw new Error('nothing came out')
  expect(float16Bits(again.y)).toEqual(bits)
  await session.release()
})
