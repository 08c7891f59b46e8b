import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { quantizeByRow } from '../../../../../inference/engine/onnx/compile/row-quantization.ts'
import { ELEMENT, Graph } from '../../../../../inference/engine/onnx/graph/graph.ts'
import { createNode } from '../../../../../inference/engine/onnx/graph/node.ts'
import { GraphProtoSchema, ModelProtoSchema } from '../../../../../inference/engine/onnx/graph/onnx_pb.js'

const INPUTS = 8
const OUTPUTS = 3
const weights = Int8Array.from({ length: INPUTS * OUTPUTS }, (_, index) => ((index * 37) % 255) - 127)

/** Returns a quantized linear layer as ONNX Runtime's quantizer writes it, [rows, 1, INPUTS] to [rows, 1, OUTPUTS]. */
function linearLayer(opset: bigint, weightType: 'int8' | 'uint8'): Graph {
  const graph = create(GraphProtoSchema, { name: 'layer' })
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: opset }],
    graph,
  })
  const layer = new Graph(model, graph)
  const unsigned = Uint8Array.from(weights, (weight) => weight + 128)
  layer.addInitializer('w', [INPUTS, OUTPUTS], weightType === 'int8' ? weights : unsigned)
  layer.addInitializer('w_zero', [], weightType === 'int8' ? Int8Array.of(3) : Uint8Array.of(131))
  layer.addInitializer('w_scale', [], Float32Array.of(0.013))
  layer.addInput({ name: 'x', elementType: ELEMENT.FLOAT, dims: ['rows', 1, INPUTS] })
  layer.addOutput({ name: 'y', elementType: ELEMENT.FLOAT, dims: ['rows', 1, OUTPUTS] })
  layer.setNodes([
    createNode('DynamicQuantizeLinear', ['x'], ['x_quantized', 'x_scale', 'x_zero']),
    createNode('MatMulInteger', ['x_quantized', 'w', 'x_zero', 'w_zero'], ['sums']),
    createNode('Cast', ['sums'], ['sums_float'], { to: { int: ELEMENT.FLOAT } }),
    createNode('Mul', ['x_scale', 'w_scale'], ['scale']),
    createNode('Mul', ['sums_float', 'scale'], ['y']),
  ])
  return layer
}

async function run(session: InferenceSession, x: Float32Array): Promise<number[]> {
  const { y } = await session.run({ x: new Tensor('float32', x, [x.length / INPUTS, 1, INPUTS]) })
  return Array.from(y?.data as Float32Array)
}

test.each([
  [13n, 'int8'],
  [18n, 'uint8'],
] as const)('each row is what it is alone, as exported (opset %s, %s weights)', async (opset, weightType) => {
  const exported = await InferenceSession.create(linearLayer(opset, weightType).encode())
  const edited = linearLayer(opset, weightType)
  expect(quantizeByRow(edited)).toBe(true)
  const byRow = await InferenceSession.create(edited.encode())
  const value = fc.oneof(
    // Numbers near the smallest ones have no scale of their own.
    fc
      .float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 })
      .map((number) => (Math.abs(number) < 1e-30 ? 0 : number)),
    fc.constantFrom(0, -0, 1, -1, 255),
  )
  const row = fc.oneof(
    fc.array(value, { minLength: INPUTS, maxLength: INPUTS }),
    value.map((same) => new Array<number>(INPUTS).fill(same)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
      const together = await run(byRow, Float32Array.from(rows.flat()))
      const alone = await Promise.all(rows.map((one) => run(exported, Float32Array.from(one))))
      // 0 and -0 are the same to whatever adds them up.
      expect(together.map((number) => number + 0)).toEqual(alone.flat().map((number) => number + 0))
    }),
    { numRuns: 500 },
  )
  await Promise.all([exported.release(), byRow.release()])
})

test('leaves a graph alone that multiplies two activations', () => {
  const graph = linearLayer(13n, 'int8')
  const product = graph.nodes.find(({ opType }) => opType === 'MatMulInteger')
  if (product) graph.replaceInput(product, 'w', 'x_quantized')
  const before = graph.encode()
  expect(quantizeByRow(graph)).toBe(false)
  expect(graph.encode()).toEqual(before)
})
