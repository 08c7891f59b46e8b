/**
 * A judge for the tiny decoder of the fixtures: its graph cut between its two layers, and a head whose weights are of no
 * meaning but always the same.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JudgeHead, readJudgeHead, writeJudgeHead } from '../../inference/engine/judge/judge-head.ts'
import { compileGraph } from '../../inference/engine/onnx/compile/compile-graph.ts'
import { splitDecoder } from '../../inference/engine/onnx/compile/split-decoder.ts'
import { digestFile } from '../../inference/models/verify.ts'
import { TINY_LLAMA } from './tiny-decoder.ts'

/** The residual stream within the first layer, and between the two. */
const TENSORS = ['/model/layers.0/Add_output_0', '/model/layers.0/Add_1_output_0']
const HIDDEN_SIZE = 64

/** Returns the text of a head file for a graph. */
export async function meaninglessHead(
  source: string,
  tensors: readonly string[] = TENSORS,
  hiddenSize = HIDDEN_SIZE,
): Promise<string> {
  const weights = Float32Array.from(
    { length: tensors.length * 2 * hiddenSize },
    (_, index) => Math.sin(index * 12.9898) / Math.sqrt(hiddenSize),
  )
  return writeJudgeHead(
    { tensors, pools: ['last', 'mean'], hiddenSize, longest: { head: 96, tail: 40 }, weights, bias: 0.1 },
    { graphSha256: await digestFile(source, 'sha256'), provenance: { rows: 'none' } },
  )
}

export type TinyJudge = {
  readonly parts: readonly string[]
  readonly headFile: string
  readonly head: JudgeHead
}

/** Compiles both parts into a folder, and writes the head beside them. */
export async function makeTinyJudge(folder: string): Promise<TinyJudge> {
  const source = join(TINY_LLAMA, 'onnx/model.onnx')
  const headFile = join(folder, 'judge.json')
  writeFileSync(headFile, await meaninglessHead(source))
  const head = await readJudgeHead(headFile, source)
  if ('reason' in head) throw new TypeError(head.reason)
  const graph = compileGraph(readFileSync(source), 'stored', new Map(), TENSORS.slice(0, -1))
  const parts = splitDecoder(graph, TENSORS.at(-1) ?? '').map((bytes, index) => {
    const path = join(folder, `part-${index}.onnx`)
    writeFileSync(path, bytes)
    return path
  })
  return { parts, headFile, head }
}
