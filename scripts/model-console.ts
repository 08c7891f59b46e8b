/**
 * What the commands about models show and do on a terminal: sizes, progress, a first question to a model.
 * Parses no arguments and ends no process.
 */

import { createEngineProcess } from '../inference/engine/process.ts'
import { type DownloadProgress, downloadModel } from '../inference/models/download.ts'
import { availableMemory, checkMemory, machineMemory } from '../inference/models/memory.ts'
import { prepareGraph } from '../inference/models/prepare-graph.ts'
import {
  type ModelLocation,
  type ModelPlaces,
  type ResolvedModel,
  resolveModel,
} from '../inference/models/resolve.ts'

export type Console = {
  readonly print: (text: string) => void
  /** Writes without a line end, for a bar that redraws itself. */
  readonly write: (text: string) => void
  readonly isTerminal: boolean
}

/** Returns this process's standard output. A reader that goes away (`| head`) is no failure. */
export function createTerminal(): Console {
  process.stdout.on('error', () => {})
  return {
    print: (text) => void process.stdout.write(`${text}\n`),
    write: (text) => void process.stdout.write(text),
    isTerminal: process.stdout.isTTY === true,
  }
}

const BAR_CELLS = 24
/** Plain lines, one per so much, where no bar can be drawn. */
const PLAIN_STEP = 0.1

/** Returns a size as people read it, in MB or GB. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** Returns a receiver of progress: a bar on a terminal, a line every tenth elsewhere. */
export function createProgress({ print, write, isTerminal }: Console): (progress: DownloadProgress) => void {
  let shown = -1
  return ({ file, loadedBytes, totalBytes }) => {
    const share = totalBytes > 0 ? Math.min(1, loadedBytes / totalBytes) : 0
    const step = Math.floor(share / (isTerminal ? 0.01 : PLAIN_STEP))
    if (step === shown) return
    shown = step
    const size = `${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}`
    if (!isTerminal) return print(`${Math.round(share * 100)} %  ${size}  ${file}`)
    const full = Math.round(share * BAR_CELLS)
    const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
    write(`\r\u001b[2K${bar} ${Math.round(share * 100)} %  ${size}${share === 1 ? '\n' : ''}`)
  }
}

export type PullOptions = {
  readonly dtype: string | undefined
  readonly hubUrl: string
  readonly token: string | undefined
}

/** Downloads what a model lacks, showing progress, and says what came. */
export async function pullModel(
  location: ModelLocation,
  { dtype, hubUrl, token }: PullOptions,
  console: Console,
): Promise<void> {
  console.print(`Downloading ${location.name} into ${location.folder}`)
  const onProgress = createProgress(console)
  const bytes = await downloadModel(location, dtype, { fetch, hubUrl, token, onProgress })
  console.print(bytes === 0 ? 'Nothing was missing.' : `Downloaded ${formatBytes(bytes)}.`)
}

/** What the container's default is where memory allows it. */
const TRIED_ROWS = 8

/** Asks a model one question and prints reply and speed; the model's process is gone afterwards. */
export async function tryModel(
  name: string,
  options: {
    readonly places: ModelPlaces
    readonly dtype: string | undefined
    readonly threads: number
    readonly prompt: string
  },
  console: Console,
): Promise<ResolvedModel> {
  const { places, dtype } = options
  const model = resolveModel(name, places, dtype)
  const availableBytes = availableMemory(machineMemory)
  checkMemory(model, availableBytes)
  const { signal } = new AbortController()
  const { cacheDir } = places
  const graph = await prepareGraph(model, { ...options, cacheDir, availableBytes, signal })
  const now = () => performance.now()
  const { threads } = options
  const startedAt = now()
  const engine = createEngineProcess(model, {
    graph,
    settings: { threads, maxRows: TRIED_ROWS, prefixCacheBytes: 0 },
    watchdogTimeoutMs: 60_000,
    env: process.env,
    now,
  })
  try {
    await engine.ready
    const { loop, weights, rows, reason } = engine.serving() ?? {}
    console.print(
      `${model.info.name} (${weights ?? model.info.dtype}) loaded in ${Math.round(now() - startedAt)} ms.`,
    )
    console.print(
      loop === 'batched'
        ? `Answers up to ${rows} requests at once${reason === undefined ? '' : ` (${reason})`}.`
        : `Answers one request at a time, by transformers.js: ${reason ?? 'as asked'}.`,
    )
    const request = {
      turns: [{ role: 'user' as const, text: options.prompt }],
      maxTokens: 128,
      stopSequences: [],
    }
    const askedAt = now()
    let firstAt: number | undefined
    let tokens = 0
    let reply = ''
    for await (const event of engine.generate(request, new AbortController().signal)) {
      if (event.type === 'text') {
        firstAt ??= now()
        reply += event.text
      } else if (event.type === 'end') tokens = event.outputTokens
    }
    const seconds = (now() - (firstAt ?? askedAt)) / 1000
    console.print(`> ${options.prompt}\n${reply}`)
    const speed = tokens > 1 && seconds > 0 ? `, ${((tokens - 1) / seconds).toFixed(0)} tokens/s` : ''
    console.print(
      `First token after ${Math.round((firstAt ?? now()) - askedAt)} ms, ${tokens} tokens${speed}.`,
    )
  } finally {
    await engine.close()
  }
  return model
}
