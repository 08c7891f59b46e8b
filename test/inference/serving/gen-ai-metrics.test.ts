/** Latencies under the names that OpenTelemetry's GenAI conventions have for model servers. */
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createGenAiMetrics } from '../../../inference/serving/gen-ai-metrics.ts'
import type { RunSummary } from '../../../inference/serving/message-run.ts'

const answered: RunSummary = {
  outcome: 'ok',
  model: 'tiny-model',
  inputTokens: 10,
  cachedTokens: 0,
  outputTokens: 5,
  stopReason: 'end_turn',
  judgeScore: undefined,
  handoverScore: undefined,
  verifyScore: undefined,
  judgeMs: undefined,
  queueMs: 0,
  firstTokenMs: 70,
  msPerToken: 20,
  latencyMs: 150,
  error: undefined,
}
const labels =
  'gen_ai_operation_name="chat",gen_ai_provider_name="ulfberht_router",gen_ai_request_model="tiny-model",gen_ai_response_model="tiny-model"'

async function exposed(...summaries: RunSummary[]): Promise<string> {
  const registry = new Registry()
  const record = createGenAiMetrics(registry)
  for (const summary of summaries) record(summary)
  return registry.metrics()
}

test('tells duration, first token and time per token in seconds, by the conventions’ limits', async () => {
  const text = await exposed(answered)
  expect(text).toContain(`gen_ai_server_request_duration_seconds_sum{${labels}} 0.15`)
  expect(text).toContain(`gen_ai_server_time_to_first_token_seconds_sum{${labels}} 0.07`)
  expect(text).toContain(`gen_ai_server_time_per_output_token_seconds_sum{${labels}} 0.02`)
  expect(text).toContain(`gen_ai_server_request_duration_seconds_bucket{le="0.08",${labels}} 0`)
  expect(text).toContain(`gen_ai_server_request_duration_seconds_bucket{le="0.16",${labels}} 1`)
  expect(text).toContain(`gen_ai_server_time_to_first_token_seconds_bucket{le="0.08",${labels}} 1`)
  expect(text).toContain(`gen_ai_server_time_per_output_token_seconds_bucket{le="0.025",${labels}} 1`)
})

test('tells of a request that failed how long it took and why, and nothing of its tokens', async () => {
  const text = await exposed({ ...answered, outcome: 'timeout' })
  expect(text).toContain(`gen_ai_server_request_duration_seconds_count{${labels},error_type="timeout"} 1`)
  expect(text).not.toContain('time_to_first_token_seconds_count')
})

test('tells nothing per token of an answer of one token', async () => {
  const text = await exposed({ ...answered, msPerToken: undefined })
  expect(text).toContain('time_to_first_token_seconds_count')
  expect(text).not.toContain('time_per_output_token_seconds_count')
})
