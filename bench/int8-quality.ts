/**
 * How far the two forms that the container runs are from the model's own weights in float32: divergence of the next token's
 * distribution at every position of some exchanges, none of which the int8 form was fitted to; and what each form takes.
 *
 *   npm run bench:int8 -- [--json]
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compileGraph } from '../inference/engine/onnx/compile/compile-graph.ts'
import { linearLayers } from '../inference/engine/onnx/compile/linear-layer.ts'
import { createDecoder } from '../inference/engine/onnx/decoder.ts'
import { loadDecoderStage } from '../inference/engine/onnx/decoder-stage.ts'
import { readGraph } from '../inference/engine/onnx/graph/graph.ts'
import { createNode } from '../inference/engine/onnx/graph/node.ts'
import { createPromptEncoder } from '../inference/engine/text/prompt.ts'
import { loadTokenizer } from '../inference/engine/transformers/tokenizer.ts'
import { graphFiles } from '../inference/models/files.ts'
import { prepareGraph } from '../inference/models/prepare-graph.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'

const EXCHANGES = [
  ['Hi! Nice to meet you.', 'Nice to meet you, too! What would you like to talk about?'],
  ['What can you help me with?', 'I can chat, label short texts, and sum up messages.'],
  ['Is this review good or bad? "Two hours late and the pizza was burnt."', 'bad'],
  ['What colour do you get from blue and yellow?', 'Green.'],
  ['I passed my driving test!', 'Congratulations! All that practice was worth it.'],
  ['Which team is this for, billing or technical? "I was charged twice in May."', 'billing'],
  ['Find the date: "Your parcel will arrive on Thursday, 14 March, before noon."', 'Thursday, 14 March'],
  [
    'Summarize: The swimming pool in the park stays open until 30 September this year, two weeks longer than last year, because the weather is warm. From October on, the indoor pool on Station Road opens at seven.',
    'The park pool stays open until 30 September because of warm weather; from October the indoor pool opens at seven.',
  ],
  ['Good night!', 'Good night! Sleep well.'],
  ['Who wrote Hamlet?', 'William Shakespeare wrote Hamlet.'],
  [
    'Write one sentence about this mail: Hello all, the printer on the second floor is broken again. Please use the one beside the kitchen until a technician comes on Wednesday. Regards, Tom',
    'The second-floor printer is broken, so use the one beside the kitchen until Wednesday.',
  ],
  ['thx', "You're welcome!"],
] as const

const { values } = parseArgs({ options: { json: { type: 'boolean' } } })
const folder = mkdtempSync(join(tmpdir(), 'int8-quality-'))
try {
  await compare()
} finally {
  rmSync(folder, { recursive: true })
}

async function compare(): Promise<void> {
  const model = resolveModel('', { shippedDir: SHIPPED_DIR, cacheDir: folder })
  const [source = ''] = graphFiles(model) ?? []
  const encode = createPromptEncoder(await loadTokenizer(model.folder), model.info.promptStyle)
  const prompts = EXCHANGES.map(([user, assistant]) =>
    encode({
      turns: [
        { role: 'user', text: user },
        { role: 'assistant', text: assistant },
      ],
    }),
  )
  const float = join(folder, 'float.onnx')
  writeFileSync(float, floatForm(readFileSync(source)))
  const reference = await distributions([float], prompts)
  rmSync(float)
  const forms = []
  for (const dtype of [model.info.dtype, 'int8']) {
    const started = performance.now()
    const graph = await prepareGraph(model, {
      dtype,
      cacheDir: folder,
      availableBytes: Number.POSITIVE_INFINITY,
      threads: 1,
      signal: new AbortController().signal,
    })
    if (graph.form !== 'decoder') throw new Error(`The shipped model cannot be compiled as ${dtype}.`)
    const compileMs = Math.round(performance.now() - started)
    const { parts } = graph
    const all = await distributions(parts, prompts)
    forms.push({
      form: graph.weights,
      fileMB: megabytes(parts.reduce((sum, path) => sum + statSync(path).size, 0)),
      compileMs,
      ...divergence(reference, all),
    })
  }
  if (values.json) return console.log(JSON.stringify(forms))
  console.log(
    '| | KL mean | median | 99 % | same first choice | file, MB | compiled in, ms |\n|---|--:|--:|--:|--:|--:|--:|',
  )
  for (const { form, mean, median, p99, sameTop, fileMB, compileMs } of forms)
    console.log(
      `| ${form} | ${mean.toFixed(4)} | ${median.toFixed(4)} | ${p99.toFixed(3)} | ${(sameTop * 100).toFixed(1)} % | ${fileMB} | ${compileMs} |`,
    )
}

/** The same weights as float32, in decoder form. */
function floatForm(bytes: Uint8Array): Uint8Array {
  const graph = readGraph(bytes)
  for (const { node, input, output, inputs, outputs, weights } of linearLayers(graph)) {
    const rows = weights()
    const columns = new Float32Array(rows.length)
    for (let index = 0; index < rows.length; index++)
      columns[(index % inputs) * outputs + Math.floor(index / inputs)] = rows[index] ?? 0
    const name = graph.addInitializer(`${output}.float`, [inputs, outputs], columns)
    graph.replace([node], [createNode('MatMul', [input, name], [output])])
  }
  graph.prune()
  return compileGraph(graph.encode(), 'stored', new Map())
}

/** Log-probabilities of every token at every position but the first of each prompt, read token by token. */
async function distributions(parts: readonly string[], prompts: readonly (readonly number[])[]) {
  const stages = await Promise.all(parts.map((path) => loadDecoderStage(path, 1)))
  const decoder = createDecoder({ stages, maxRows: 1, prefixCache: undefined })
  const rows: Float32Array[] = []
  for (const ids of prompts) {
    const row = decoder.open({ ids: ids.slice(0, 1), cacheScope: undefined, maxTokens: ids.length })
    while (!(await decoder.read(row)));
    for (const id of ids.slice(1))
      for (const logits of await decoder.step([row], [id])) rows.push(logProbabilities(logits))
    decoder.close(row)
  }
  await decoder.dispose()
  return rows
}

function logProbabilities(logits: Float32Array): Float32Array {
  let largest = -Infinity
  for (const value of logits) if (value > largest) largest = value
  let sum = 0
  for (const value of logits) sum += Math.exp(value - largest)
  const log = largest + Math.log(sum)
  return logits.map((value) => value - log)
}

function divergence(reference: readonly Float32Array[], other: readonly Float32Array[]) {
  const each = reference.map((expected, position) => {
    let sum = 0
    for (let token = 0; token < expected.length; token++) {
      const log = expected[token] ?? 0
      sum += Math.exp(log) * (log - (other[position]?.[token] ?? 0))
    }
    return sum
  })
  const sorted = [...each].sort((left, right) => left - right)
  const same = reference.filter(
    (expected, position) => largestAt(expected) === largestAt(other[position] ?? expected),
  )
  return {
    positions: each.length,
    mean: each.reduce((sum, value) => sum + value, 0) / each.length,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    sameTop: same.length / reference.length,
  }
}

function largestAt(values: Float32Array): number {
  let best = 0
  for (let index = 1; index < values.length; index++)
    if ((values[index] ?? 0) > (values[best] ?? 0)) best = index
  return best
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6)
}
