/** What is counted over replacements of the model's process, each of which counts from 0. */
import { expect, test } from 'vitest'
import { createMetrics } from '../../../inference/serving/metrics.ts'

const load = () => ({ running: 2, queueDepth: 3, expectedWaitMs: 0 })
const stats = {
  steps: 10,
  rowSteps: 40,
  rowsInUse: 4,
  prefixLookupTokens: 100,
  prefixHitTokens: 60,
  prefixBytes: 5000,
}

/** Values of the exposition text by name. */
async function valuesOf(metrics: ReturnType<typeof createMetrics>) {
  const lines = (await metrics.expose()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const pairs = lines.map((line) => line.replace('llmrouter_container_', '').split(' '))
  return Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)]))
}

test('adds up what the model’s process has counted since the last time', async () => {
  const metrics = createMetrics(load)
  metrics.recordStats(stats)
  metrics.recordStats({ ...stats, steps: 15, rowSteps: 70, rowsInUse: 6, prefixBytes: 4000 })
  expect(await valuesOf(metrics)).toMatchObject({
    steps_total: 15,
    step_rows_total: 70,
    rows_in_use: 6,
    prefix_cache_queries_total: 100,
    prefix_cache_hits_total: 60,
    prefix_cache_bytes: 4000,
    running: 2,
    queue_depth: 3,
  })
})

test('goes on counting where a process was replaced', async () => {
  const metrics = createMetrics(load)
  metrics.recordStats(stats)
  metrics.recordRestart('exited')
  expect(await valuesOf(metrics)).toMatchObject({ rows_in_use: 0, prefix_cache_bytes: 0 })
  metrics.recordStats({ ...stats, steps: 20 })
  expect(await valuesOf(metrics)).toMatchObject({
    steps_total: 30,
    step_rows_total: 80,
    'child_restarts_total{reason="exited"}': 1,
  })
})
