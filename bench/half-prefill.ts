/**
 * What it costs to stop in the middle of a model and look at a prompt's states there: the shipped model's graph in one piece
 * and cut behind a layer, in the same run. CPU time of one thread; memory of a process that holds the one or the other.
 *
 *   npm run bench:half-prefill -- [--tensor layers.16.attn_norm_sum] [--tokens 96] [--json]
 */
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { splitDecoder } from '../inference/engine/onnx/compile/split-decoder.ts'
import { createDecoder } from '../inference/engine/onnx/decoder.ts'
import { loadDecoderStage } from '../inference/engine/onnx/decoder-stage.ts'
import { prepareGraph } from '../inference/models/prepare-graph.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { median } from './inference/median.ts'

const ROUNDS = 7
const STEPS = 16

const measuredSchema = z.object({
  memoryMiB: z.number(),
  wholeReadMs: z.number(),
  halfReadMs: z.number().optional(),
  stepMs: z.number(),
})
type Measured = z.infer<typeof measuredSchema>

const { values } = parseArgs({
  options: {
    tensor: { type: 'string', default: 'layers.16.attn_norm_sum' },
    tokens: { type: 'string', default: '96' },
    json: { type: 'boolean' },
    parts: { type: 'string' },
  },
})
const tokens = z.coerce.number().int().min(1).max(4000).parse(values.tokens)
if (values.parts === undefined) await compare()
else process.send?.(await measure(values.parts.split('\n')))

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'half-prefill-'))
  try {
    const graph = await prepareGraph(resolveModel('', { shippedDir: SHIPPED_DIR, cacheDir: folder }), {
      dtype: 'int8',
      cacheDir: folder,
      availableBytes: Number.POSITIVE_INFINITY,
      threads: 1,
      signal: new AbortController().signal,
    })
    if (graph.form !== 'decoder') throw new Error('The shipped model has no compiled graph.')
    const [path = ''] = graph.parts
    const parts = [join(folder, 'first.onnx'), join(folder, 'last.onnx')]
    for (const [index, bytes] of splitDecoder(readFileSync(path), values.tensor).entries())
      writeFileSync(parts[index] ?? '', bytes)
    const whole = await measureInChild([path])
    const cut = await measureInChild(parts)
    if (values.json) return console.log(JSON.stringify({ tokens, tensor: values.tensor, whole, cut }))
    console.log(
      `${tokens} tokens, cut at ${values.tensor}; median of ${ROUNDS} rounds, CPU ms of one thread\n`,
    )
    console.log('| | in one piece | cut |\n|---|--:|--:|')
    for (const [title, key] of [
      ['memory, MiB', 'memoryMiB'],
      ['prompt read as far as the cut', 'halfReadMs'],
      ['prompt read whole', 'wholeReadMs'],
      ['one step of one row', 'stepMs'],
    ] as const)
      console.log(`| ${title} | ${whole[key] ?? '–'} | ${cut[key] ?? '–'} |`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function measureInChild(parts: readonly string[]): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--tokens', String(tokens), '--parts', parts.join('\n')])
    child.once('message', (message) => resolve(measuredSchema.parse(message)))
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
}

async function measure(parts: readonly string[]): Promise<Measured> {
  const stages = await Promise.all(parts.map((path) => loadDecoderStage(path, 1)))
  const model = createDecoder({ stages, maxRows: 1, prefixCache: undefined })
  const ids = Array.from({ length: tokens }, (_, index) => 100 + ((index * 7919) % 30_000))
  const reads: number[] = []
  const halves: number[] = []
  const steps: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.cpuUsage()
    const inspect = () => void halves.push(cpuMsSince(started))
    const inspection = parts.length > 1 ? { tensors: ['carried.0'], inspect } : undefined
    const row = model.open({ ids, cacheScope: undefined, maxTokens: tokens + STEPS, inspection })
    while (!(await model.read(row)));
    reads.push(cpuMsSince(started))
    const stepping = process.cpuUsage()
    for (let step = 0; step < STEPS; step++) await model.step([row], [100 + step])
    steps.push(cpuMsSince(stepping) / STEPS)
    model.close(row)
  }
  return {
    memoryMiB: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    wholeReadMs: tenths(median(reads)),
    ...(halves.length > 0 ? { halfReadMs: tenths(median(halves)) } : {}),
    stepMs: tenths(median(steps)),
  }
}

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}
