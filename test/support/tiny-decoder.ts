/**
 * The tiny decoder of the fixtures as our loop takes it, compiled at once and in this process.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureActivations } from '../../inference/engine/onnx/compile/calibrate.ts'
import { type CompiledWeights, compileGraph } from '../../inference/engine/onnx/compile/compile-graph.ts'

export const TINY_LLAMA = join(import.meta.dirname, '../fixtures/models/tiny-llama')

const PROMPTS = [
  [260, 78, 297, 524, 499],
  Array.from({ length: 60 }, (_, index) => 20 + ((index * 37) % 900)),
]

/** Compiles into a folder and returns the file's path. */
export async function compileTinyDecoder(weights: CompiledWeights, folder: string): Promise<string> {
  const bytes = readFileSync(join(TINY_LLAMA, 'onnx/model.onnx'))
  const maxima = weights === 'int8' ? await measureActivations(bytes, PROMPTS, 1) : new Map()
  const path = join(folder, `${weights}.onnx`)
  writeFileSync(path, compileGraph(bytes, weights, maxima))
  return path
}
