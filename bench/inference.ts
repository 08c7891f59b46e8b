/**
 * Measures the container with the shipped model (or LOCAL_MODEL_NAME): time to ready, memory, first token, tokens a
 * second; beside it, as the floor, the same model through transformers.js's own `generate` in a process of its own.
 * Compare CPU time and ratios: wall clock on a shared machine says little.
 *
 *   npm run bench:inference -- [--json] [--requests N]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { parseStreamEvent } from '../shared/events.ts'
import { decodeSse } from '../shared/sse.ts'

const ROOT = join(import.meta.dirname, '..')
const PROMPTS = [
  'Hello! How are you today?',
  'Thanks a lot, you have been very helpful.',
  'Tell me a little about yourself and what you like to do.',
  'Summarize: The town council voted to close the old ferry crossing after 120 years, citing rising costs and falling passenger numbers. The last ferry will run on 30 June, and a bus will replace it.',
]
const MAX_TOKENS = 48
const TICKS_PER_SECOND = 100
/** The same for both sides: NUM_THREADS, or one. */
const NUM_THREADS = process.env.NUM_THREADS ?? '1'

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, requests: { type: 'string', default: '12' } },
})
const requests = z.coerce.number().int().min(1).parse(values.requests)

type Measured = {
  readonly readyMs: number
  readonly memoryMiB: number
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
  readonly cpuMsPerToken: number | undefined
}

const container = await measureContainer()
const floor = await measureFloor()
const report = {
  model: process.env.LOCAL_MODEL_NAME ?? 'Ulfberht-135M',
  cores: availableParallelism(),
  requests,
  container,
  floor,
}
if (values.json) console.log(JSON.stringify(report))
else printTable()

async function measureContainer(): Promise<Measured> {
  const port = await freePort()
  const started = performance.now()
  const child = start(['inference/index.ts'], {
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_FORMAT: 'json',
    NUM_THREADS,
  })
  try {
    const url = `http://127.0.0.1:${port}`
    await until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true, child)
    const readyMs = performance.now() - started
    await askContainer(url, PROMPTS[0] ?? '')
    const cpuBefore = cpuMs(child.pid)
    const rounds = []
    for (let index = 0; index < requests; index++)
      rounds.push(await askContainer(url, PROMPTS[index % PROMPTS.length] ?? ''))
    return summarise(readyMs, proportionalMiB(child.pid), rounds, difference(cpuBefore, cpuMs(child.pid)))
  } finally {
    child.kill('SIGTERM')
  }
}

type Round = { readonly firstTokenMs: number; readonly totalMs: number; readonly tokens: number }

async function askContainer(url: string, prompt: string): Promise<Round> {
  const started = performance.now()
  const body = {
    model: 'local',
    max_tokens: MAX_TOKENS,
    temperature: 0,
    stream: true,
    messages: [{ role: 'user', content: prompt }],
  }
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok || response.body === null) throw new Error(`the container answered ${response.status}`)
  let firstTokenMs: number | undefined
  let tokens = 0
  for await (const frame of decodeSse(response.body)) {
    const event = parseStreamEvent(frame.data, frame.event)
    if (event.type === 'content_block_delta') firstTokenMs ??= performance.now() - started
    if (event.type === 'message_delta') tokens = event.usage?.output_tokens ?? 0
  }
  const totalMs = performance.now() - started
  return { firstTokenMs: firstTokenMs ?? totalMs, totalMs, tokens }
}

async function measureFloor(): Promise<Measured> {
  const child = spawn(process.execPath, [join(ROOT, 'bench/transformers-floor.ts')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NUM_THREADS,
      PROMPTS: JSON.stringify(PROMPTS),
      REQUESTS: String(requests),
      MAX_TOKENS: String(MAX_TOKENS),
    },
  })
  let output = ''
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString()
  })
  await new Promise((resolve) => child.once('exit', resolve))
  const measured = z
    .object({
      readyMs: z.number(),
      memoryMiB: z.number(),
      cpuMs: z.number(),
      rounds: z.array(z.object({ firstTokenMs: z.number(), totalMs: z.number(), tokens: z.number() })),
    })
    .parse(JSON.parse(output))
  return summarise(measured.readyMs, measured.memoryMiB, measured.rounds, measured.cpuMs)
}

function summarise(
  readyMs: number,
  resident: number,
  rounds: readonly Round[],
  cpu: number | undefined,
): Measured {
  const tokens = rounds.reduce((sum, round) => sum + round.tokens, 0)
  const decodeMs = rounds.reduce((sum, round) => sum + round.totalMs - round.firstTokenMs, 0)
  const sorted = rounds.map((round) => round.firstTokenMs).sort((left, right) => left - right)
  return {
    readyMs: Math.round(readyMs),
    memoryMiB: Math.round(resident),
    firstTokenMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    tokensPerSecond: Math.round(((tokens - rounds.length) / decodeMs) * 10_000) / 10,
    cpuMsPerToken: cpu === undefined ? undefined : Math.round((cpu / tokens) * 10) / 10,
  }
}

function printTable(): void {
  const rows: [string, keyof Measured, string][] = [
    ['process start to ready', 'readyMs', 'ms'],
    ['memory after these requests, shared pages once', 'memoryMiB', 'MiB'],
    ['first token, median', 'firstTokenMs', 'ms'],
    ['tokens a second after it', 'tokensPerSecond', ''],
    ['CPU time a token, prompts included', 'cpuMsPerToken', 'ms'],
  ]
  console.log(
    `${report.model}, ${report.cores} cores, ${requests} requests of at most ${MAX_TOKENS} tokens\n`,
  )
  console.log('| | container | transformers.js generate |\n|---|--:|--:|')
  for (const [title, key, unit] of rows)
    console.log(`| ${title} | ${container[key] ?? '–'} ${unit} | ${floor[key] ?? '–'} ${unit} |`)
}

function start(args: string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function until(ready: () => Promise<boolean>, child: ChildProcess): Promise<void> {
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error('the container ended before it was ready')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

/** A process and its children, by Linux's /proc; elsewhere there is nothing to read. */
function processTree(pid: number | undefined): number[] {
  if (pid === undefined) return []
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((part) => part.trim() !== '')
    return [pid, ...children.flatMap((child) => processTree(Number(child)))]
  } catch {
    return [pid]
  }
}

/** Pages that processes share are counted once: the sum of each process's proportional share. */
function proportionalMiB(pid: number | undefined): number {
  const kib = processTree(pid).map((each) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
    } catch {
      return 0
    }
  })
  return kib.reduce((sum, value) => sum + value, 0) / 1_024
}

function cpuMs(pid: number | undefined): number | undefined {
  try {
    return processTree(pid).reduce((sum, each) => {
      const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return sum + ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
    }, 0)
  } catch {
    return undefined
  }
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before
}
