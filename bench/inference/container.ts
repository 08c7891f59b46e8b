/**
 * The whole container over HTTP: what a deployment sees. Time to ready, memory of its two processes, first token, speed.
 */
import {
  askContainer,
  type Container,
  ContainerFailed,
  type StreamedAnswer,
  startContainer,
} from './container-process.ts'
import type { Question } from './contender.ts'
import { median } from './median.ts'
import { residentMiB, usedCpuMs } from './process-usage.ts'

/** Undefined where the system does not tell. */
export type ContainerFigures = {
  readonly readyMs: number
  /** After as many streams at once as it takes, in MiB: both processes, pages they share once; the model's alone. */
  readonly memoryMiB: number | undefined
  readonly modelMemoryMiB: number | undefined
  /** Median over short questions, one after another. */
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
  /** Both processes, prompts included. */
  readonly cpuMsPerToken: number | undefined
}

export type ContainerReport = { readonly dtype: string } & (
  | { readonly figures: ContainerFigures }
  | { readonly skipped: string }
)

const STREAMS = 4
const STREAM_ANSWER = 32
const SHORT_ANSWER = 48

/**
 * Measures a container of its own.
 * @param dtype LOCAL_MODEL_DTYPE
 * @param short questions that are asked one after another
 * @param long as many as are asked at once
 */
export async function measureContainer(
  dtype: string,
  cacheDir: string,
  short: readonly Question[],
  long: readonly Question[],
): Promise<ContainerReport> {
  let container: Container
  try {
    const settings = { LOCAL_MODEL_DTYPE: dtype, MODEL_CACHE_DIR: cacheDir, MAX_CONCURRENCY: String(STREAMS) }
    container = await startContainer(settings)
  } catch (error) {
    if (error instanceof ContainerFailed) return { dtype, skipped: error.message }
    throw error
  }
  try {
    const { url, pids, readyMs } = container
    const ask = ({ turns }: Question, maxTokens: number) =>
      askContainer(url, {
        max_tokens: maxTokens,
        temperature: 0,
        messages: turns.map(({ role, text }) => ({ role, content: text })),
      })
    for (const question of short.slice(0, 1)) await ask(question, SHORT_ANSWER)
    const before = usedCpuMs(pids())
    const answers: StreamedAnswer[] = []
    for (const question of short) answers.push(await ask(question, SHORT_ANSWER))
    const after = usedCpuMs(pids())
    await Promise.all(long.slice(0, STREAMS).map((question) => ask(question, STREAM_ANSWER)))
    const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
    const decodeMs = answers.reduce((sum, { totalMs, firstTextMs }) => sum + totalMs - firstTextMs, 0)
    const [, model] = pids()
    return {
      dtype,
      figures: {
        readyMs,
        memoryMiB: residentMiB(pids()),
        modelMemoryMiB: model === undefined ? undefined : residentMiB([model]),
        firstTokenMs: median(answers.map(({ firstTextMs }) => firstTextMs)),
        tokensPerSecond: ((tokens - answers.length) / decodeMs) * 1_000,
        cpuMsPerToken: before === undefined || after === undefined ? undefined : (after - before) / tokens,
      },
    }
  } finally {
    await container.stop()
  }
}

/** Returns the reports as a Markdown table, and a line for each container that did not start. */
export function printContainers(reports: readonly ContainerReport[]): string {
  const rows: [string, keyof ContainerFigures, string][] = [
    ['process start to ready', 'readyMs', 'ms'],
    [`memory after ${STREAMS} streams, both processes`, 'memoryMiB', 'MiB'],
    [`memory after ${STREAMS} streams, the model's process`, 'modelMemoryMiB', 'MiB'],
    ['first token, short questions, median', 'firstTokenMs', 'ms'],
    ['tokens a second after it', 'tokensPerSecond', ''],
    ['CPU time a token, prompts included', 'cpuMsPerToken', 'ms'],
  ]
  const measured = reports.filter((report) => 'figures' in report)
  const cell = (value: number | undefined, unit: string) =>
    value === undefined ? '–' : `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ${unit}`.trimEnd()
  return [
    `The container over HTTP, ${STREAMS} answers at once:`,
    '',
    `| | ${measured.map(({ dtype }) => dtype).join(' | ')} |`,
    `|---|${'--:|'.repeat(measured.length)}`,
    ...rows.map(
      ([title, key, unit]) =>
        `| ${title} | ${measured.map(({ figures }) => cell(figures[key], unit)).join(' | ')} |`,
    ),
    ...reports.flatMap((report) =>
      'skipped' in report ? ['', `Skipped: ${report.dtype}: ${report.skipped}`] : [],
    ),
  ].join('\n')
}
