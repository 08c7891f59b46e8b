/**
 * The comparison: every contender loaded, asked the same in turns, round after round. The machine is shared and its speed
 * changes within minutes, so each measurement goes once around all contenders, and ratios are taken within a round.
 */
import type { EncodePrompt } from '../../inference/engine/text/prompt.ts'
import type { Answer } from './contender.ts'
import {
  type ContenderProcess,
  type ContenderStart,
  ContenderUnavailable,
  type LoadTime,
  startContender,
} from './contender-process.ts'
import { residentMiB } from './process-usage.ts'
import { endlessQuestion, everydayQuestions } from './workload.ts'

const STREAMS = [1, 2, 4, 8] as const
const MOST_STREAMS = 8
const MEMORY_STREAMS = 4
/** Tokens: of a question whose answer is timed, of that answer, of questions that arrive, of what they meet running. */
const STREAM_QUESTION = 96
const STREAM_ANSWER = 32
const SHORT_ARRIVAL = 64
const LONG_ARRIVAL = 512
const RUNNING_ANSWER = 64

/** One figure of one contender: a value a round. */
export type Series = { readonly name: string; readonly unit: string; readonly values: readonly number[] }

export type Measured = {
  readonly name: string
  readonly what: string
  readonly serving: string | undefined
  readonly rows: number
  /** First and second start: the first may compile what the second finds. */
  readonly loads: readonly [LoadTime, LoadTime]
  /** After four streams, in MiB; undefined where the system does not tell. */
  readonly memoryMiB: number | undefined
  readonly series: readonly Series[]
  readonly everyday: readonly Answer[]
}

export type Outcome = Measured | { readonly name: string; readonly what: string; readonly skipped: string }

type Field = ReturnType<typeof createField>

/** Loads all contenders and measures them; those that cannot be loaded are named with their reason. */
export async function compare(
  starts: readonly ContenderStart[],
  encode: EncodePrompt,
  rounds: number,
  say: (line: string) => void,
): Promise<readonly Outcome[]> {
  const fields: Field[] = []
  const skipped: Outcome[] = []
  try {
    for (const start of starts) {
      say(`Loading ${start.name} …`)
      try {
        fields.push(createField(start, await startContender(start, MOST_STREAMS)))
      } catch (error) {
        if (!(error instanceof ContenderUnavailable)) throw error
        skipped.push({ name: start.name, what: start.what, skipped: error.message })
      }
    }
    for (const field of fields) await prepare(field, encode)
    for (let round = 0; round < rounds; round++) {
      say(`Round ${round + 1} of ${rounds} …`)
      for (const measurement of measurements(encode, round, say))
        for (const place of fields.keys()) {
          const field = fields[(place + round) % fields.length]
          if (field) await measurement(field)
        }
    }
    return [...fields.map((field) => field.result()), ...skipped]
  } finally {
    for (const { contender } of fields) await contender.close()
  }
}

/** What one contender has shown so far. */
function createField(start: ContenderStart, contender: ContenderProcess) {
  const series = new Map<string, { unit: string; values: number[] }>()
  let secondLoad = contender.load
  let memoryMiB: number | undefined
  let everyday: readonly Answer[] = []
  return {
    start,
    contender,
    record(name: string, unit: string, value: number) {
      const found = series.get(name) ?? { unit, values: [] }
      found.values.push(value)
      series.set(name, found)
    },
    setMemory(load: LoadTime, resident: number | undefined) {
      secondLoad = load
      memoryMiB = resident
    },
    setEveryday(answers: readonly Answer[]) {
      everyday = answers
    },
    result: (): Measured => ({
      name: start.name,
      what: start.what,
      serving: contender.serving,
      rows: contender.rows,
      loads: [contender.load, secondLoad],
      memoryMiB,
      series: [...series].map(([name, { unit, values }]) => ({ name, unit, values })),
      everyday,
    }),
  }
}

/** Once a contender: a second process for memory, and its answers to everyday questions, which also warm it up. */
async function prepare({ start, contender, setMemory, setEveryday }: Field, encode: EncodePrompt) {
  const second = await startContender(start, MEMORY_STREAMS)
  const questions = streamQuestions(encode, MEMORY_STREAMS, 0)
  await second.answers({ questions, maxTokens: STREAM_ANSWER, streams: MEMORY_STREAMS })
  setMemory(second.load, residentMiB([second.pid]))
  await second.close()
  const everyday = { questions: everydayQuestions(encode), maxTokens: STREAM_ANSWER, streams: 1 }
  setEveryday((await contender.answers(everyday)).answers)
}

/** Returns what is measured in a round, in its order; each is done by all contenders before the next. */
function measurements(
  encode: EncodePrompt,
  round: number,
  say: (line: string) => void,
): readonly ((field: Field) => Promise<void>)[] {
  const first = round * MOST_STREAMS
  const running = streamQuestions(encode, MOST_STREAMS - 1, first + 1)
  const streams = STREAMS.map((count) => async ({ start, contender, record }: Field) => {
    const questions = streamQuestions(encode, count, first)
    const { took, answers } = await contender.answers({ questions, maxTokens: STREAM_ANSWER, streams: count })
    const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
    // Its prompts weigh more then, in this round.
    if (tokens < count * STREAM_ANSWER)
      say(`${start.name} ended early: ${tokens} tokens of ${count} answers.`)
    record(`${streamsOf(count)}: tokens a CPU-second`, '', (tokens / took.cpuMs) * 1_000)
    record(`${streamsOf(count)}: tokens a second`, '', (tokens / took.wallMs) * 1_000)
  })
  const arrival =
    (tokens: number, name: string, met: typeof running) =>
    async ({ contender, record }: Field) => {
      const question = endlessQuestion(encode, tokens, first)
      const arrived = await contender.arrival({ question, running: met, maxTokens: RUNNING_ANSWER })
      if (met.length === 0)
        record(
          `prompt of ${tokens}, idle: tokens a CPU-second`,
          '',
          (tokens / arrived.firstToken.cpuMs) * 1_000,
        )
      record(`prompt of ${tokens}, ${name}: first token, CPU`, 'ms', arrived.firstToken.cpuMs)
      record(`prompt of ${tokens}, ${name}: first token`, 'ms', arrived.firstToken.wallMs)
      if (arrived.longestStall === null) return
      record(`prompt of ${tokens}, ${name}: longest stall, CPU`, 'ms', arrived.longestStall.cpuMs)
      record(`prompt of ${tokens}, ${name}: longest stall`, 'ms', arrived.longestStall.wallMs)
    }
  return [
    ...streams,
    arrival(SHORT_ARRIVAL, 'idle', []),
    arrival(SHORT_ARRIVAL, `${running.length} streams`, running),
    arrival(LONG_ARRIVAL, `${running.length} streams`, running),
  ]
}

function streamQuestions(encode: EncodePrompt, count: number, first: number) {
  return Array.from({ length: count }, (_, index) => endlessQuestion(encode, STREAM_QUESTION, first + index))
}

function streamsOf(count: number): string {
  return count === 1 ? '1 stream' : `${count} streams`
}
