/**
 * The overview's two charts: requests by route over time, and cost against the baseline.
 */
import type { TimeBucket } from '../../dashboard/time-buckets.ts'
import { overTime, seriesBy } from '../../dashboard/usage-figures.ts'
import { formatCount, formatCountStep, formatUsd, formatUsdStep } from '../../format-figures.ts'
import type { ChartColor } from './draw-chart.ts'
import type { Overview } from './load-overview.ts'
import { TimeChart } from './time-chart.tsx'
import { requestsPath } from './use-address.ts'

type Part = { readonly overview: Overview }

/** Renders the requests of each route, stacked. */
export function RouteChart({ overview }: Part) {
  const { series, time, filter } = overview
  // No route is told of a single user's requests.
  const byRoute = seriesBy(series, 'route', time, ({ requests }) => requests)
  const lines = byRoute.map(({ value, numbers }) => ({
    label: filter.conditions.user === undefined ? (value ?? 'no answer') : 'requests',
    color: colorOf(value),
    numbers,
  }))
  return (
    <section class="card">
      <h2>Requests by route</h2>
      <TimeChart
        title="Requests by route"
        shape="stacked"
        buckets={time.buckets}
        lines={lines}
        format={formatCount}
        formatStep={formatCountStep}
        pathOf={pathsOf(overview)}
      />
    </section>
  )
}

/** Renders what the requests cost and what the baseline model alone would have cost. */
export function CostChart({ overview }: Part) {
  const totals = overTime(overview.series, overview.time)
  return (
    <section class="card">
      <h2>Cost against the baseline</h2>
      <TimeChart
        title="Cost against the baseline"
        shape="lines"
        buckets={overview.time.buckets}
        lines={[
          {
            label: `${overview.baselineModel} alone`,
            color: 'baseline',
            numbers: totals.map(({ baselineNanoUsd }) => baselineNanoUsd),
          },
          { label: 'cost', color: 'claude', numbers: totals.map(({ costNanoUsd }) => costNanoUsd) },
        ]}
        format={formatUsd}
        formatStep={formatUsdStep}
        pathOf={pathsOf(overview)}
      />
    </section>
  )
}

function pathsOf({ filter }: Overview): (bucket: TimeBucket) => string {
  return ({ from, to }) => requestsPath({ ...filter, range: { from, to } })
}

function colorOf(route: string | null): ChartColor {
  return route === 'local' || route === 'claude' || route === 'cache' ? route : 'none'
}
