/**
 * `GET /metrics`: what Prometheus scrapes, for the administrator. Counters come from the ledger and so are the same in
 * every isolate; gauges are those of the isolate that answers.
 */
import { causeName } from '../../shared/errors.ts'
import type { UsageRow } from '../ledger/ledger.ts'
import { createPriceList } from '../ledger/prices.ts'
import { type Family, PROMETHEUS_CONTENT_TYPE, prometheusText } from '../telemetry/prometheus-text.ts'
import { usageMetrics } from '../telemetry/usage-metrics.ts'
import { VERSION } from '../version.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { waitUntilOf } from './context.ts'
import { requireAdmin } from './require-admin.ts'

const DAY_MS = 86_400_000
const STATES = ['unknown', 'ready', 'waking', 'busy', 'down'] as const
const EVERYBODY = { tenant: undefined }

/** Returns the handler. */
export function createMetricsHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, ledger, local, log, now } = dependencies
  const prices = createPriceList(config.prices)
  const isKnown = (model: string) => prices(model, {}) !== undefined || model === local?.modelName()

  /** Undefined where the ledger cannot be read: a scrape then has the gauges, and says so. */
  const usageOfToday = async (from: number): Promise<readonly UsageRow[] | undefined> => {
    try {
      const query = { from, to: now() + 1, groupBy: ['tenant', 'route', 'model'], timezone: 'UTC' } as const
      return await ledger?.usage(EVERYBODY, query)
    } catch (error) {
      log('[Router] The ledger cannot be read for metrics', { name: causeName(error) }, 'error')
      return undefined
    }
  }
  return async (context) => {
    requireAdmin(dependencies, context, 'Reading metrics')
    const from = Math.floor(now() / DAY_MS) * DAY_MS
    const [rows] = await Promise.all([usageOfToday(from), local?.refresh(waitUntilOf(context))])
    const strategy = await dependencies.strategies.current(waitUntilOf(context))
    const text = prometheusText([
      gauge('info', 'The router that answered.', [{ labels: { version: VERSION, strategy }, value: 1 }]),
      gauge('ledger_readable', 'Whether the counters could be read; without them there are none.', [
        { labels: {}, value: rows === undefined ? 0 : 1 },
      ]),
      gauge(
        'window_start_timestamp_seconds',
        'Since when counters count: they begin at 0 every day, at 00:00 UTC.',
        [{ labels: {}, value: from / 1_000 }],
      ),
      ...usageMetrics(rows ?? [], isKnown),
      ...localGauges(dependencies),
      ...cacheGauges(dependencies),
    ])
    return new Response(text, { headers: { 'content-type': PROMETHEUS_CONTENT_TYPE } })
  }
}

function localGauges({ local }: AppDependencies): readonly Family[] {
  const servers = local?.describe() ?? []
  const place = (index: number) => ({ server: String(index + 1) })
  return [
    gauge(
      'local_server_state',
      'Of each address in LOCAL_LLM_URL by its place: 1 for the state that it has. As this isolate knows it.',
      servers.flatMap(({ state }, index) =>
        STATES.map((each) => ({ labels: { ...place(index), state: each }, value: each === state ? 1 : 0 })),
      ),
    ),
    gauge(
      'local_server_expected_wait_seconds',
      'How long a request would wait there, as the server said last. As this isolate knows it.',
      servers.map(({ expectedWaitMs }, index) => ({ labels: place(index), value: expectedWaitMs / 1_000 })),
    ),
  ]
}

function cacheGauges({ cache }: AppDependencies): readonly Family[] {
  return [
    gauge('cache_entries', 'Answers in the memory of this isolate.', [
      { labels: {}, value: cache.stats().entries },
    ]),
  ]
}

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name: `llmrouter_${name}`, type: 'gauge', help, samples }
}
