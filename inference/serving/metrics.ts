/**
 * What the container counts, for Prometheus. Numbers only: no prompts, no client names.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RunSummary } from './message-run.ts'
import type { Load } from './scheduler.ts'

export type Metrics = {
  readonly contentType: string
  /** Returns the exposition text. */
  readonly expose: () => Promise<string>
  readonly recordRun: (summary: RunSummary) => void
  /** Counts a request that never reached the model, by the code of its error. */
  readonly recordRejection: (code: string) => void
  readonly recordRestart: (reason: string) => void
}

const PREFIX = 'llmrouter_container_'
/** A small model's first token takes 0.1 s to some seconds, an answer up to a minute. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

/** Returns metrics of their own registry; the gauges ask `load` whenever they are read. */
export function createMetrics(load: () => Load): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: `${PREFIX}requests_total`,
    help: 'Requests by outcome: ok or the code of the error.',
    labelNames: ['outcome'],
    registers,
  })
  const tokens = new Counter({
    name: `${PREFIX}tokens_total`,
    help: 'Tokens read and written.',
    labelNames: ['direction'],
    registers,
  })
  const firstToken = new Histogram({
    name: `${PREFIX}first_token_seconds`,
    help: 'From arrival to the first text, waiting included.',
    buckets: SECONDS,
    registers,
  })
  const total = new Histogram({
    name: `${PREFIX}request_seconds`,
    help: 'From arrival to the last event, of requests that were answered.',
    buckets: SECONDS,
    registers,
  })
  const restarts = new Counter({
    name: `${PREFIX}child_restarts_total`,
    help: 'Replacements of the model’s process.',
    labelNames: ['reason'],
    registers,
  })
  for (const [name, help, read] of [
    ['queue_depth', 'Requests that wait for a slot.', () => load().queueDepth],
    ['running', 'Requests that the model is answering.', () => load().running],
  ] as const)
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })

  return {
    contentType: registry.contentType,
    expose: () => registry.metrics(),
    recordRun(summary) {
      requests.inc({ outcome: summary.outcome })
      tokens.inc({ direction: 'input' }, summary.inputTokens)
      tokens.inc({ direction: 'output' }, summary.outputTokens)
      if (summary.firstTokenMs !== undefined) firstToken.observe(summary.firstTokenMs / 1000)
      if (summary.outcome === 'ok') total.observe(summary.latencyMs / 1000)
    },
    recordRejection: (code) => requests.inc({ outcome: code }),
    recordRestart: (reason) => restarts.inc({ reason }),
  }
}
