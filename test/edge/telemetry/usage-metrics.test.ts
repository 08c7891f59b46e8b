/** The ledger's sums as counters whose labels stay few. */
import { expect, test } from 'vitest'
import type { Grouping, UsageRow } from '../../../edge/ledger/ledger.ts'
import { prometheusText } from '../../../edge/telemetry/prometheus-text.ts'
import { MOST_TENANTS, usageMetrics } from '../../../edge/telemetry/usage-metrics.ts'
import { readPrometheus } from './prometheus-reader.ts'

const totals: UsageRow['totals'] = {
  requests: 3,
  completed: 2,
  refused: 0,
  failed: 1,
  broken: 0,
  cancelled: 0,
  inputTokens: 100,
  outputTokens: 50,
  cacheWriteTokens: 20,
  cacheReadTokens: 300,
  reasoningTokens: 7,
  costNanoUsd: 1,
  baselineNanoUsd: 2_000_000,
  savedNanoUsd: 1_999_999,
  unpriced: 1,
  cacheHits: 0,
  identified: 2,
  budgetCheaper: 0,
  budgetLocal: 0,
  budgetRefused: 0,
  fallbacks: { timeout: 2 },
  latency: [1, 0, 2],
  firstContent: [],
}

function samplesOf(...groups: Partial<Record<Grouping, string | null>>[]) {
  const rows = groups.map((group) => ({
    group: { tenant: 'alice', route: 'claude', model: 'claude-sonnet-5-5', ...group },
    totals,
  }))
  return readPrometheus(prometheusText(usageMetrics(rows, (model) => model.startsWith('claude-sonnet'))))
}

function values(
  samples: ReturnType<typeof samplesOf>,
  name: string,
): readonly Readonly<Record<string, string | number>>[] {
  return samples.filter((sample) => sample.name === name).map(({ labels, value }) => ({ ...labels, value }))
}

test('tells ends, tokens and money of each tenant, route and model', () => {
  const samples = samplesOf({})
  const alice = { tenant: 'alice', route: 'claude', model: 'claude-sonnet-5-5' }
  expect(values(samples, 'llmrouter_requests_total')).toContainEqual({
    ...alice,
    outcome: 'completed',
    value: 2,
  })
  expect(values(samples, 'llmrouter_requests_total')).toContainEqual({
    ...alice,
    outcome: 'failed',
    value: 1,
  })
  expect(values(samples, 'llmrouter_tokens_total')).toContainEqual({
    ...alice,
    kind: 'cache_read',
    value: 300,
  })
  expect(values(samples, 'llmrouter_cost_usd_total')).toEqual([{ ...alice, value: 1e-9 }])
  expect(values(samples, 'llmrouter_baseline_usd_total')).toEqual([{ ...alice, value: 0.002 }])
  expect(values(samples, 'llmrouter_fallbacks_total')).toEqual([
    { tenant: 'alice', cause: 'timeout', value: 2 },
  ])
})

test('gives latencies as a cumulative histogram by route', () => {
  const samples = samplesOf({}, { tenant: 'bob' })
  const name = 'llmrouter_request_duration_seconds'
  const buckets = values(samples, `${name}_bucket`)
  expect(buckets[0]).toEqual({ route: 'claude', le: '0.005', value: 2 })
  expect(buckets[2]).toEqual({ route: 'claude', le: '0.02', value: 6 })
  expect(buckets.at(-1)).toEqual({ route: 'claude', le: '+Inf', value: 6 })
  expect(values(samples, `${name}_count`)).toEqual([{ route: 'claude', value: 6 }])
})

test('has no label that only a client chooses', () => {
  const samples = samplesOf(
    { model: 'claude-sonnet-5-5-20260101' },
    { model: 'made-up-by-a-client' },
    { model: null, route: null },
    { model: 'tiny-model', route: 'local' },
    { tenant: 'client-0123456789abcdef' },
    { tenant: 'client-fedcba9876543210' },
  )
  const models = new Set(values(samples, 'llmrouter_unpriced_requests_total').map(({ model }) => model))
  expect(models).toEqual(new Set(['claude-sonnet-5-5', 'other', 'none', 'tiny-model']))
  const tenants = values(samples, 'llmrouter_unpriced_requests_total').map(({ tenant }) => tenant)
  expect(new Set(tenants)).toEqual(new Set(['alice', 'client']))
})

test('names the local model also where the cache answered', () => {
  const samples = samplesOf(
    { route: 'local', model: 'Ulfberht-135M' },
    { route: 'cache', model: 'Ulfberht-135M' },
    { route: 'cache', model: 'what-a-client-said' },
  )
  const models = values(samples, 'llmrouter_unpriced_requests_total').map(({ route, model }) => [
    route,
    model,
  ])
  expect(models).toEqual([
    ['local', 'Ulfberht-135M'],
    ['cache', 'Ulfberht-135M'],
    ['cache', 'other'],
  ])
})

test('adds up the tenants that are too many', () => {
  const many = Array.from({ length: MOST_TENANTS + 5 }, (_, index) => ({ tenant: `t${1_000 + index}` }))
  const tenants = values(samplesOf(...many), 'llmrouter_unpriced_requests_total')
  expect(tenants).toHaveLength(MOST_TENANTS + 1)
  expect(tenants.find(({ tenant }) => tenant === 'other')).toMatchObject({ value: 5 })
})
