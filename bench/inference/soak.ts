/**
 * The soak: many clients at once on one container, some of whom hang up; every answer that is kept must be the one that the
 * same request got alone, and nothing may be left behind.
 */
import {
  type AskOptions,
  askContainer,
  type Container,
  type MessageRequest,
  NotAnswered,
  type StreamedAnswer,
  startContainer,
} from './container-process.ts'
import { median } from './median.ts'
import { residentMiB } from './process-usage.ts'
import { type SoakStep, soakRequests, soakSteps } from './soak-requests.ts'

export type SoakReport = {
  readonly requests: number
  readonly kept: number
  readonly hungUp: number
  /** 429 and 503, after which the client waited and asked again. */
  readonly turnedAway: number
  readonly verdicts: readonly { readonly what: string; readonly holds: boolean; readonly seen: string }[]
}

const DIFFERENT_REQUESTS = 60
const CLIENTS = 16
const ROWS = 8
const MEMORY_SAMPLES = 20
/** What memory of the model's process may grow by from the first half to the second: its allocator's own swings. */
const GROWTH_LIMIT = 0.05
const SETTLE_MS = 10_000

type Tally = { kept: number; hungUp: number; turnedAway: number; different: number[]; failed: string[] }

/** Runs the soak on a container of its own. */
export async function soak(count: number, seed: number, say: (line: string) => void): Promise<SoakReport> {
  const container = await startContainer({
    MAX_CONCURRENCY: String(ROWS),
    MAX_QUEUE: String(CLIENTS),
    MAX_INPUT_TOKENS: '1024',
    QUEUE_TIMEOUT_MS: '60000',
  })
  try {
    const requests = soakRequests(DIFFERENT_REQUESTS, seed)
    say(`Asking ${requests.length} requests alone …`)
    const alone: StreamedAnswer[] = []
    for (const request of requests) alone.push(await askContainer(container.url, request))
    const tally: Tally = { kept: 0, hungUp: 0, turnedAway: 0, different: [], failed: [] }
    const memory: number[] = []
    const steps = soakSteps(count, requests.length, seed)
    const sampleEvery = Math.max(1, Math.floor(count / MEMORY_SAMPLES))
    const waiting = steps.entries()
    const client = async () => {
      for (const [index, step] of waiting) {
        if (index % sampleEvery === 0) {
          memory.push(residentMiB(container.pids().slice(1)) ?? Number.NaN)
          say(`${index} of ${count} …`)
        }
        await new Promise((resolve) => setTimeout(resolve, step.pauseMs))
        const [request, expected] = [requests[step.request], alone[step.request]]
        if (request && expected) await takeStep(container.url, request, expected, step, tally)
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    const { kept, hungUp, turnedAway } = tally
    return { requests: count, kept, hungUp, turnedAway, verdicts: await judge(container, tally, memory) }
  } finally {
    await container.stop()
  }
}

async function takeStep(
  url: string,
  request: MessageRequest,
  expected: StreamedAnswer,
  step: SoakStep,
  tally: Tally,
): Promise<void> {
  const leave = new AbortController()
  const { fate, tenant } = step
  const timer = fate.type === 'gone' ? setTimeout(() => leave.abort(), fate.afterMs) : undefined
  let text = ''
  let pieces = 0
  const onText = (piece: string) => {
    text += piece
    if (fate.type === 'stopped' && ++pieces >= fate.pieces) leave.abort()
  }
  try {
    const { text, stopReason, tokens } = await askUntilTaken(
      url,
      request,
      { tenant, signal: leave.signal, onText },
      tally,
    )
    tally.kept++
    if (text !== expected.text || stopReason !== expected.stopReason || tokens !== expected.tokens)
      tally.different.push(step.request)
  } catch (error) {
    if (!leave.signal.aborted) tally.failed.push(error instanceof Error ? error.message : String(error))
    else {
      tally.hungUp++
      if (!expected.text.startsWith(text)) tally.different.push(step.request)
    }
  } finally {
    clearTimeout(timer)
  }
}

async function askUntilTaken(
  url: string,
  request: MessageRequest,
  options: AskOptions,
  tally: Tally,
): Promise<StreamedAnswer> {
  for (;;) {
    try {
      return await askContainer(url, request, options)
    } catch (error) {
      if (!(error instanceof NotAnswered && [429, 503].includes(error.status)) || options.signal?.aborted)
        throw error
      tally.turnedAway++
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs))
    }
  }
}

async function judge(
  container: Container,
  { different, failed }: Tally,
  memory: readonly number[],
): Promise<SoakReport['verdicts']> {
  const left = await leftBehind(container)
  const half = Math.floor(memory.length / 2)
  // The very first requests fill caches.
  const before = median(memory.slice(Math.min(2, half), half))
  const after = median(memory.slice(half))
  return [
    {
      what: 'every answer is the one that its request got alone, as far as it was read',
      holds: different.length === 0,
      seen: different.length === 0 ? 'all' : `requests ${[...new Set(different)].join(', ')} differ`,
    },
    {
      what: 'no request failed',
      holds: failed.length === 0,
      seen: failed.length === 0 ? 'none' : [...new Set(failed)].join('; '),
    },
    {
      what: 'nothing runs or waits at the end, and the model was never restarted',
      holds: Object.values(left).every((value) => value === 0),
      seen: Object.entries(left)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    },
    {
      what: "memory of the model's process does not grow from the first half to the second",
      holds: !(after > before * (1 + GROWTH_LIMIT)),
      seen: `${before.toFixed(0)} MiB, then ${after.toFixed(0)} MiB`,
    },
  ]
}

/** Returns the gauges of what should be 0 once every client has gone; waits for the last steps to end. */
async function leftBehind({ url }: Container): Promise<Record<string, number>> {
  const giveUpAt = performance.now() + SETTLE_MS
  for (;;) {
    const exposed = await (await fetch(`${url}/metrics`)).text()
    const total = (name: string) =>
      [...exposed.matchAll(new RegExp(`^llmrouter_container_${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      )
    const left = {
      running: total('running'),
      waiting: total('queue_depth'),
      restarts: total('child_restarts_total'),
    }
    if (left.running + left.waiting === 0 || performance.now() > giveUpAt) return left
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Returns the report in words. */
export function printSoak({ requests, kept, hungUp, turnedAway, verdicts }: SoakReport): string {
  return [
    `${requests} requests of ${CLIENTS} clients on ${ROWS} rows: ${kept} answers kept, ${hungUp} hung up on; turned away and asked again: ${turnedAway}.`,
    ...verdicts.map(({ what, holds, seen }) => `${holds ? 'ok  ' : 'FAIL'} ${what}: ${seen}`),
  ].join('\n')
}
