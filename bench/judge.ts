/**
 * What a judgement costs: the shipped model in one piece and cut for its judge, in the same run. CPU time of one thread, of the
 * whole way from a text to the end, the least of many: what others on the machine slow down does not count. Memory of a process
 * that holds the one or the other.
 *
 *   npm run bench:judge -- [--tokens 64] [--json]
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { createEngine } from '../inference/engine/create-engine.ts'
import type { Engine, Turn } from '../inference/engine/engine.ts'
import { judgeFileOf, readJudgeHead } from '../inference/engine/judge/judge-head.ts'
import { compiledFile, compiledParts } from '../inference/engine/onnx/compile/compiled-file.ts'
import { MODEL_PROCESS } from '../inference/engine/process.ts'
import { graphFiles } from '../inference/models/files.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { RouterError } from '../shared/errors.ts'

const ROUNDS = 21
const STEPS = 16
/** Whoever has begun it goes on with it. */
const SONG = [
  { role: 'user', text: `Repeat: ${'na '.repeat(16).trim()}` },
  { role: 'assistant', text: 'na na na na' },
] as const

const measuredSchema = z.object({
  memoryMiB: z.number(),
  judgeMs: z.number().optional(),
  declineMs: z.number().optional(),
  prefillMs: z.number(),
  stepMs: z.number(),
})
type Measured = z.infer<typeof measuredSchema>

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '64' },
    json: { type: 'boolean' },
    parts: { type: 'string' },
  },
})
const tokens = z.coerce.number().int().min(40).max(256).parse(values.tokens)
const cacheDir = mkdtempSync(join(tmpdir(), 'judge-'))
const model = resolveModel('', { shippedDir: SHIPPED_DIR, cacheDir })
try {
  if (values.parts === undefined) await compare()
  else process.send?.(await measure(values.parts.split('\n')))
} finally {
  rmSync(cacheDir, { recursive: true })
}

async function compare(): Promise<void> {
  const headFile = judgeFileOf(model.folder)
  const [source = ''] = graphFiles(model) ?? []
  const head = headFile && (await readJudgeHead(headFile, source))
  if (!head || 'reason' in head)
    throw new RouterError('configuration', head ? head.reason : `${model.info.name} has no judge.`)
  const { signal } = new AbortController()
  const compilation = { model, source, form: 'int8', threads: 1, signal } as const
  // A folder for each: what was made for one head is cleared away when another form is made.
  const whole = await compiledFile({ ...compilation, folder: join(cacheDir, 'whole') })
  const cut = await compiledParts({ ...compilation, folder: join(cacheDir, 'cut'), tensors: head.tensors })
  const measured = { whole: await measureInChild([whole]), cut: await measureInChild(cut) }
  const shareOfPrefill =
    (measured.cut.declineMs ?? 0) / Math.min(measured.whole.prefillMs, measured.cut.prefillMs)
  if (values.json) return console.log(JSON.stringify({ tokens, ...measured, shareOfPrefill }))
  console.log(`${tokens} tokens, int8; least of ${ROUNDS} rounds, CPU ms of one thread\n`)
  console.log('| | in one piece | cut for the judge |\n|---|--:|--:|')
  for (const [title, key] of [
    ['memory, MiB', 'memoryMiB'],
    ['judged by itself', 'judgeMs'],
    ['declined', 'declineMs'],
    ['read whole, one token made', 'prefillMs'],
    ['one more token', 'stepMs'],
  ] as const)
    console.log(`| ${title} | ${measured.whole[key] ?? '–'} | ${measured.cut[key] ?? '–'} |`)
  console.log(`\nDeclining costs ${shareOfPrefill.toFixed(2)} of reading the prompt whole.`)
}

function measureInChild(parts: readonly string[]): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--tokens', String(tokens), '--parts', parts.join('\n')], {
      env: { ...process.env, ...MODEL_PROCESS.env },
      execArgv: MODEL_PROCESS.execArgv,
    })
    child.once('message', (message) => resolve(measuredSchema.parse(message)))
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
}

async function measure(parts: readonly string[]): Promise<Measured> {
  const headFile = parts.length > 1 ? judgeFileOf(model.folder) : undefined
  const judge = headFile === undefined ? undefined : { model: model.info.name, headFile, trunk: undefined }
  const settings = { threads: 1, maxRows: 8, prefixCacheBytes: 0, judge }
  const engine = await createEngine(model, { form: 'decoder', parts, weights: 'int8' }, settings, Math.random)
  const texts: string[] = []
  for (let round = 0; round <= ROUNDS; round++) texts.push(await textOf(engine, round))
  /** One kind after the other: in turns, garbage collection would always meet the same one. */
  const typical = async (work: (turns: readonly Turn[]) => Promise<unknown> | undefined) => {
    const costs: number[] = []
    for (const text of texts) costs.push(await cpuMsOf(() => work([{ role: 'user', text }])))
    // The first one warms up.
    return Math.round(Math.min(...costs.slice(1)) * 10) / 10
  }
  const prefillMs = await typical((turns) => generate(engine, { turns, maxTokens: 1 }))
  const judging = judge && {
    judgeMs: await typical((turns) => engine.judge?.({ turns }, never())),
    declineMs: await typical((turns) => generate(engine, { turns, maxTokens: 1, judgeThreshold: 0 })),
  }
  const first = await typical(() => generate(engine, { turns: SONG, maxTokens: 1 }))
  const longer = await typical(() => generate(engine, { turns: SONG, maxTokens: 1 + STEPS }))
  return {
    memoryMiB: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    ...judging,
    prefillMs,
    stepMs: Math.round(((longer - first) / STEPS) * 10) / 10,
  }
}

/** A text whose prompt has so many tokens, another one in each round. */
async function textOf(engine: Engine, round: number): Promise<string> {
  const words = ['lamp', 'river', 'seven', 'because', 'early', 'table', 'green', 'walk', 'number', 'late']
  let text = ''
  for (let at = 0; ; at++) {
    const longer = `${text} ${words[(at * 7 + round + 1) % words.length]}`
    if ((await engine.countTokens({ turns: [{ role: 'user', text: longer }] })) > tokens) return text
    text = longer
  }
}

async function generate(
  engine: Engine,
  asked: Pick<Parameters<Engine['generate']>[0], 'turns' | 'maxTokens' | 'judgeThreshold'>,
): Promise<void> {
  const request = { ...asked, stopSequences: [], temperature: 0 }
  try {
    for await (const _ of engine.generate(request, never()));
  } catch (error) {
    if (!(error instanceof RouterError) || error.code !== 'declined') throw error
  }
}

async function cpuMsOf(work: () => Promise<unknown> | undefined): Promise<number> {
  const started = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

function never(): AbortSignal {
  return new AbortController().signal
}
