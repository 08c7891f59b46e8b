/**
 * The container's latencies under the names and limits of OpenTelemetry's GenAI conventions (v0.1.0), as Prometheus
 * spells them. The same figures stand under the container's own names in `metrics.ts`, which counts everything else.
 */
import { Histogram, type Registry } from 'prom-client'
import type { RunSummary } from './message-run.ts'

/** Seconds, as the conventions set them. */
const DURATION = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const FIRST_TOKEN = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const PER_OUTPUT_TOKEN = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]

const COMMON_LABELS = [
  'gen_ai_operation_name',
  'gen_ai_provider_name',
  'gen_ai_request_model',
  'gen_ai_response_model',
] as const
/** None of the conventions' well-known providers: the container itself. */
const PROVIDER = 'ulfberht_router'

/** Adds the metrics to `registry` and returns what records a run that reached the model. */
export function createGenAiMetrics(registry: Registry): (summary: RunSummary) => void {
  const registers = [registry]
  const duration = new Histogram({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'From arrival to the last event; error_type: the code of the error, where it ended in one.',
    labelNames: [...COMMON_LABELS, 'error_type'],
    buckets: DURATION,
    registers,
  })
  const firstToken = new Histogram({
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: 'From arrival to the first text of answers that were completed, waiting included.',
    labelNames: COMMON_LABELS,
    buckets: FIRST_TOKEN,
    registers,
  })
  const perToken = new Histogram({
    name: 'gen_ai_server_time_per_output_token_seconds',
    help: 'Per token after the first, of answers that were completed.',
    labelNames: COMMON_LABELS,
    buckets: PER_OUTPUT_TOKEN,
    registers,
  })
  return ({ model, outcome, latencyMs, firstTokenMs, msPerToken }) => {
    const labels = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: PROVIDER,
      gen_ai_request_model: model,
      gen_ai_response_model: model,
    }
    if (outcome !== 'ok') {
      duration.observe({ ...labels, error_type: outcome }, latencyMs / 1000)
      return
    }
    duration.observe(labels, latencyMs / 1000)
    if (firstTokenMs !== undefined) firstToken.observe(labels, firstTokenMs / 1000)
    if (msPerToken !== undefined) perToken.observe(labels, msPerToken / 1000)
  }
}
