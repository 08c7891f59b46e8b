/**
 * The ledger's sums of one day as Prometheus counters. What labels may hold is bounded here: no end user, no model name
 * that only a client has said, no more tenants than a scrape can bear. Reads no ledger.
 */

import { toUsd } from '../../shared/money.ts'
import { LATENCY_BOUNDS_MS } from '../ledger/latency.ts'
import type { UsageRow, UsageTotals } from '../ledger/ledger.ts'
import { OUTCOMES } from '../ledger/receipt.ts'
import type { Family, Labels, Sample } from './prometheus-text.ts'

/** Of the tenants in the order of their names; those after them are one. */
export const MOST_TENANTS = 200
const OTHER = 'other'
const DATE_OF_MODEL = /-\d{8}$/

const TOKENS = [
  ['input', 'inputTokens'],
  ['output', 'outputTokens'],
  ['cache_write', 'cacheWriteTokens'],
  ['cache_read', 'cacheReadTokens'],
] as const

type Group = { readonly labels: Labels; readonly totals: UsageTotals }

/**
 * Returns the counters of a day's sums.
 * @param rows by tenant, route and model
 * @param isKnown whether a model is one of Claude's that the price list knows, or the local one
 */
export function usageMetrics(
  rows: readonly UsageRow[],
  isKnown: (model: string) => boolean,
): readonly Family[] {
  const groups = labelled(rows, isKnown)
  const counter = (name: string, help: string, samplesOf: (group: Group) => readonly Sample[]): Family => ({
    name: `llmrouter_${name}`,
    type: 'counter',
    help: `${help} Since 00:00 UTC, of all isolates.`,
    samples: added(groups.flatMap(samplesOf)),
  })
  const one = (read: (totals: UsageTotals) => number) => (group: Group) => [
    { labels: group.labels, value: read(group.totals) },
  ]
  // Added as whole billionths: sums of fractions would depend on their order, and a counter must not step back.
  const inUsd = ({ samples, ...family }: Family): Family => ({
    ...family,
    samples: samples.map((sample) => ({ ...sample, value: toUsd(sample.value) })),
  })
  return [
    counter('requests_total', 'Requests by their end.', ({ labels, totals }) =>
      OUTCOMES.map((outcome) => ({ labels: { ...labels, outcome }, value: totals[outcome] })),
    ),
    counter('tokens_total', 'Tokens by kind, each in one kind only.', ({ labels, totals }) =>
      TOKENS.map(([kind, name]) => ({ labels: { ...labels, kind }, value: totals[name] })),
    ),
    counter(
      'reasoning_tokens_total',
      'Tokens of reasoning; they are part of the output.',
      one((totals) => totals.reasoningTokens),
    ),
    inUsd(
      counter(
        'cost_usd_total',
        'What answers and failed attempts cost, without the container.',
        one((totals) => totals.costNanoUsd),
      ),
    ),
    inUsd(
      counter(
        'baseline_usd_total',
        'What the baseline model alone would have cost.',
        one((totals) => totals.baselineNanoUsd),
      ),
    ),
    counter(
      'unpriced_requests_total',
      'Requests whose price is not known; they are in no sum of money.',
      one((totals) => totals.unpriced),
    ),
    counter(
      'identified_requests_total',
      'Requests that named an end user.',
      one((totals) => totals.identified),
    ),
    counter(
      'fallbacks_total',
      'Requests that the local model did not answer although it was meant to.',
      ({ labels, totals }) =>
        Object.entries(totals.fallbacks).map(([cause, value]) => ({
          labels: { tenant: labels.tenant ?? '', cause },
          value,
        })),
    ),
    latencyHistogram('request_duration_seconds', 'From arrival to the end of the answer.', groups, 'latency'),
    latencyHistogram(
      'time_to_first_content_seconds',
      'From arrival to the first content.',
      groups,
      'firstContent',
    ),
  ]
}

function latencyHistogram(
  name: string,
  help: string,
  groups: readonly Group[],
  which: 'latency' | 'firstContent',
): Family {
  const samples = groups.flatMap(({ labels, totals }): Sample[] => {
    const route = labels.route ?? ''
    let below = 0
    const buckets = LATENCY_BOUNDS_MS.map((bound, index): Sample => {
      below += totals[which][index] ?? 0
      return { labels: { route, le: String(bound / 1_000) }, value: below, suffix: '_bucket' }
    })
    const count = below + (totals[which][LATENCY_BOUNDS_MS.length] ?? 0)
    return [
      ...buckets,
      { labels: { route, le: '+Inf' }, value: count, suffix: '_bucket' },
      { labels: { route }, value: count, suffix: '_count' },
    ]
  })
  return {
    name: `llmrouter_${name}`,
    type: 'histogram',
    help: `${help} Since 00:00 UTC, of all isolates; sums are not kept.`,
    samples: added(samples),
  }
}

function labelled(rows: readonly UsageRow[], isKnown: (model: string) => boolean): readonly Group[] {
  const names = [...new Set(rows.map(({ group }) => tenantLabel(group.tenant)))].sort()
  const shown = new Set(names.slice(0, MOST_TENANTS))
  // Local models are the operator's, and their answers come from the cache under their names, too.
  const local = new Set(
    rows.flatMap(({ group }) => (group.route === 'local' && group.model ? [group.model] : [])),
  )
  const isNamed = (model: string) => local.has(model) || isKnown(model)
  return rows.map(({ group, totals }) => {
    const tenant = tenantLabel(group.tenant)
    const route = group.route ?? 'none'
    const model = modelLabel(group.model, isNamed)
    return { labels: { tenant: shown.has(tenant) ? tenant : OTHER, route, model }, totals }
  })
}

/** Callers who are known by their own Claude key only are as many as there are clients. */
function tenantLabel(tenant: string | null | undefined): string {
  return tenant?.startsWith('client-') ? 'client' : (tenant ?? OTHER)
}

/** Clients name Claude's models as they like. */
function modelLabel(model: string | null | undefined, isNamed: (model: string) => boolean) {
  if (model === null || model === undefined) return 'none'
  return isNamed(model) ? model.replace(DATE_OF_MODEL, '') : OTHER
}

/** Two rows under the same labels are one sample: a name must not appear twice. */
function added(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>()
  for (const sample of samples) {
    const key = JSON.stringify([sample.suffix, sample.labels])
    sums.set(key, { ...sample, value: sample.value + (sums.get(key)?.value ?? 0) })
  }
  return [...sums.values()]
}
