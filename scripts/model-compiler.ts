/**
 * What `npm run models -- compile` and `calibrate` do on a terminal: make ahead what the container would make when it starts.
 */

import { calibrateModel } from '../inference/engine/onnx/compile/compiled-file.ts'
import { graphFiles } from '../inference/models/files.ts'
import { prepareGraph } from '../inference/models/prepare-graph.ts'
import { type JudgeSetting, prepareJudge } from '../inference/models/prepare-judge.ts'
import { type ModelPlaces, resolveModel } from '../inference/models/resolve.ts'
import { RouterError } from '../shared/errors.ts'
import type { Console } from './model-console.ts'

export type CompilerOptions = {
  readonly places: ModelPlaces
  readonly dtype: string | undefined
  readonly judge: JudgeSetting
  readonly threads: number
}

/**
 * Compiles what the container would run where memory is no matter, and says which loop will serve the model.
 * @throws {RouterError} `configuration` where the model is not on disk
 */
export async function compileModel(name: string, options: CompilerOptions, console: Console): Promise<void> {
  const { places, dtype, threads } = options
  const model = resolveModel(name, places, dtype)
  const common = {
    availableBytes: Number.POSITIVE_INFINITY,
    threads,
    signal: new AbortController().signal,
    onCompile: (form: string) => console.print(`Compiling (${form}) …`),
  }
  const graph = await prepareGraph(model, { ...common, dtype, cacheDir: places.cacheDir })
  if (graph.form === 'none')
    console.print(`${model.info.name} is served by transformers.js, one request at a time: ${graph.reason}.`)
  else
    for (const part of graph.form === 'decoder' ? graph.parts : Object.values(graph.paths))
      console.print(`${graph.weights}: ${part}`)
  const { judge, reason } = await prepareJudge(model, graph, { ...common, setting: options.judge, places })
  if (judge) console.print(`Judge: ${judge.trunk?.part ?? 'its own states'}, ${judge.headFile}`)
  else if (reason !== undefined) console.print(`Requests are not judged: ${reason}.`)
}

/** Measures a model's activations. @throws {RouterError} `configuration` or `unsupported`, with the reason */
export async function measureModel(
  name: string,
  options: Omit<CompilerOptions, 'judge'>,
  console: Console,
): Promise<void> {
  const { places, dtype, threads } = options
  const model = resolveModel(name, places, dtype)
  const [source, other] = graphFiles(model) ?? []
  if (source === undefined || other !== undefined)
    throw new RouterError('configuration', `${model.info.name} has no single graph that could be measured.`)
  const { signal } = new AbortController()
  console.print(`Wrote ${await calibrateModel({ model, source, threads, signal })}`)
}
