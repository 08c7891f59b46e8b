/**
 * What the container counts, for Prometheus. Numbers only: no prompts, no client names.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { EngineStats } from '../engine/engine.ts'
import { createGenAiMetrics } from './gen-ai-metrics.ts'
import type { RunSummary } from './message-run.ts'
import type { Load } from './scheduler.ts'

export type Metrics = {
  readonly contentType: string
  /** Returns the exposition text. */
  readonly expose: () => Promise<string>
  readonly recordRun: (summary: RunSummary) => void
  /** Counts a request that never reached the model, by the code of its error. */
  readonly recordRejection: (code: string) => void
  /** Counts a judgement that was asked for by itself. @param ms from arrival to the judgement */
  readonly recordJudgement: (ms: number) => void
  /** Takes what the model's process has counted since it was started. */
  readonly recordStats: (stats: EngineStats) => void
  readonly recordRestart: (reason: string) => void
}

const PREFIX = 'llmrouter_container_'
/** A small model's first token takes 0.1 s to some seconds, an answer up to a minute. */
const SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]
const SECONDS_PER_TOKEN = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1]

const NO_STATS: EngineStats = {
  steps: 0,
  rowSteps: 0,
  rowsInUse: 0,
  prefixLookupTokens: 0,
  prefixHitTokens: 0,
  prefixBytes: 0,
}

/** Counters of the model's process, which begins at 0 again whenever it is replaced. */
const STAT_COUNTERS = [
  ['steps', 'steps_total', 'Steps of the model.'],
  [
    'rowSteps',
    'step_rows_total',
    'Rows of all steps: divided by the steps, how many answers shared one on average.',
  ],
  [
    'prefixLookupTokens',
    'prefix_cache_queries_total',
    'Tokens of prompts that were looked up in the prefix cache.',
  ],
  ['prefixHitTokens', 'prefix_cache_hits_total', 'Tokens of prompts that were found in the prefix cache.'],
] as const

/** Returns metrics of their own registry; the gauges ask `load` whenever they are read. */
export function createMetrics(load: () => Load): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter<Label>({ name: `${PREFIX}${name}`, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets = SECONDS) =>
    new Histogram({ name: `${PREFIX}${name}`, help, buckets, registers })

  const requests = counter('requests_total', 'Requests by outcome: ok or the code of the error.', ['outcome'])
  const tokens = counter(
    'tokens_total',
    'Tokens of prompts that were read (input) or had been read before (cached), and of answers (output).',
    ['direction'],
  )
  const queue = histogram('queue_seconds', 'From arrival to a row, of requests that got one.')
  const firstToken = histogram(
    'time_to_first_token_seconds',
    'From arrival to the first text, waiting included.',
  )
  const perToken = histogram(
    'time_per_output_token_seconds',
    'From one token of an answer to its next, the mean of each answer.',
    SECONDS_PER_TOKEN,
  )
  const total = histogram(
    'request_seconds',
    'From arrival to the last event, of requests that were answered.',
  )
  const judgements = counter('judgements_total', 'Requests that were judged.')
  const declines = counter('declines_total', 'Requests that were judged too complex to be answered here.')
  const judging = histogram('judge_seconds', 'From arrival to the judgement, of requests that were judged.')
  const recordJudgement = (ms: number) => {
    judgements.inc()
    judging.observe(ms / 1000)
  }
  const recordGenAi = createGenAiMetrics(registry)
  const restarts = counter('child_restarts_total', 'Replacements of the model’s process.', ['reason'])
  const statCounters = STAT_COUNTERS.map(([stat, name, help]) => [stat, counter(name, help)] as const)
  let stats = NO_STATS
  for (const [name, help, read] of [
    ['queue_depth', 'Requests that wait for a row.', () => load().queueDepth],
    ['running', 'Requests that the model is answering.', () => load().running],
    ['rows_in_use', 'Rows of the batch that are taken.', () => stats.rowsInUse],
    ['prefix_cache_bytes', 'Keys and values that are kept of prompts.', () => stats.prefixBytes],
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
      tokens.inc({ direction: 'cached' }, summary.cachedTokens)
      tokens.inc({ direction: 'output' }, summary.outputTokens)
      if (summary.judgeMs !== undefined) recordJudgement(summary.judgeMs)
      if (summary.outcome === 'declined') declines.inc()
      if (summary.queueMs !== undefined) queue.observe(summary.queueMs / 1000)
      if (summary.firstTokenMs !== undefined) firstToken.observe(summary.firstTokenMs / 1000)
      if (summary.msPerToken !== undefined) perToken.observe(summary.msPerToken / 1000)
      if (summary.outcome === 'ok') total.observe(summary.latencyMs / 1000)
      recordGenAi(summary)
    },
    recordJudgement,
    recordRejection: (code) => requests.inc({ outcome: code }),
    recordStats(next) {
      for (const [stat, counted] of statCounters) counted.inc(Math.max(0, next[stat] - stats[stat]))
      stats = next
    },
    recordRestart(reason) {
      restarts.inc({ reason })
      stats = NO_STATS
    },
  }
}
