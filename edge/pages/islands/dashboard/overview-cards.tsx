/**
 * The overview's cards over sums: latencies, fallbacks, cache, users, and whatever else is counted by a value.
 */

import { formatShare } from '../../../../shared/savings-sentence.ts'
import { latencyPercentile } from '../../../ledger/latency.ts'
import type { UsageRow } from '../../../ledger/ledger.ts'
import { OUTCOMES } from '../../../ledger/receipt.ts'
import { type FilterField, narrow } from '../../dashboard/filter.ts'
import { addUp, overTime, selectRows, totalsBy } from '../../dashboard/usage-figures.ts'
import { formatCompact, formatCount, formatDuration, formatUsd } from '../../format-figures.ts'
import { BarList } from './bar-list.tsx'
import type { Overview } from './load-overview.ts'
import { Sparkline } from './sparkline.tsx'
import { requestsPath } from './use-address.ts'

type Part = { readonly overview: Overview }

const MOST_ROWS = 8

/** Renders the median and the 95th percentile of each route, with its course. */
export function LatencyCard({ overview: { series, time, filter } }: Part) {
  const shown = (counts: readonly number[], share: number) => {
    const value = latencyPercentile(counts, share)
    return value === null ? '–' : formatDuration(value)
  }
  return (
    <section class="card">
      <h2>Latency of whole answers</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col" class="figure">
              p50
            </th>
            <th scope="col" class="figure">
              p95
            </th>
            <th scope="col">p95 over time</th>
          </tr>
        </thead>
        <tbody>
          {totalsBy(series, 'route').map(({ value, totals }) => (
            <tr key={value}>
              <th scope="row" class="short">
                {value === null ? (
                  'none'
                ) : (
                  <a href={requestsPath(narrow(filter, { route: value }))}>{value}</a>
                )}
              </th>
              <td class="figure">{shown(totals.latency, 0.5)}</td>
              <td class="figure">{shown(totals.latency, 0.95)}</td>
              <td>
                <Sparkline
                  numbers={overTime(
                    series.filter(({ group }) => (group.route ?? null) === value),
                    time,
                  ).map(({ latency }) => latencyPercentile(latency, 0.95))}
                  color={value === 'local' || value === 'claude' || value === 'cache' ? value : undefined}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Renders why the local model did not answer what it was asked, by cause. */
export function FallbackCard({ overview: { series, filter } }: Part) {
  const { fallbacks, requests } = addUp(series)
  const causes = Object.entries(fallbacks).toSorted(([, left], [, right]) => right - left)
  const fallen = causes.reduce((sum, [, count]) => sum + count, 0)
  return (
    <section class="card">
      <h2>Fallbacks</h2>
      <p class="soft">
        The local model was to answer and did not: {formatCount(fallen)} of {formatCount(requests)} requests.
      </p>
      {fallen === 0 ? null : (
        <BarList
          caption="Fallbacks by cause"
          heads={['Cause', 'Requests']}
          rows={causes.map(([cause, count]) => ({
            label: cause,
            href: requestsPath(narrow(filter, { fallback: cause })),
            size: count,
            figures: [formatCount(count)],
          }))}
        />
      )}
    </section>
  )
}

/** Renders how requests ended. */
export function OutcomeCard({ overview: { series, filter } }: Part) {
  const totals = addUp(series)
  return (
    <section class="card">
      <h2>Outcomes</h2>
      <BarList
        caption="Requests by outcome"
        heads={['Outcome', 'Requests']}
        rows={OUTCOMES.filter((outcome) => totals[outcome] > 0).map((outcome) => ({
          label: outcome,
          href: requestsPath(narrow(filter, { outcome })),
          size: totals[outcome],
          figures: [formatCount(totals[outcome])],
        }))}
      />
    </section>
  )
}

/** Renders the router's own cache and Claude's prompt cache. */
export function CacheCard({ overview: { series, time, filter } }: Part) {
  const { requests, cacheHits, cacheReadTokens, cacheWriteTokens } = addUp(series)
  // Local answers have read tokens, too, and nobody bills them. No route is told of a single user's requests.
  const billed =
    filter.conditions.user === undefined
      ? addUp(selectRows(series, { route: 'claude' })).inputTokens
      : undefined
  return (
    <section class="card">
      <h2>Caches</h2>
      <p>
        <a href={requestsPath(narrow(filter, { cache: 'hit' }))}>{formatShare(cacheHits, requests)}</a>{' '}
        answered from the router’s cache ({formatCount(cacheHits)} requests).
      </p>
      <Sparkline numbers={overTime(series, time).map((totals) => totals.cacheHits)} color="cache" />
      <p>
        Claude’s prompt cache: {formatCompact(cacheReadTokens)} tokens read, {formatCompact(cacheWriteTokens)}{' '}
        written{billed === undefined ? '' : `, ${formatCompact(billed)} billed in full`}.
        {cacheWriteTokens > 0 && cacheReadTokens < cacheWriteTokens
          ? ' More was written than read: the writes may cost more than they save.'
          : ''}
      </p>
    </section>
  )
}

export type ValueCardProperties = Part & {
  readonly title: string
  readonly field: FilterField & ('task' | 'model' | 'tenant' | 'user')
  readonly rows: readonly UsageRow[] | undefined
}

/** Renders requests and cost by the values of a grouping, the largest first. */
export function ValueCard({ overview, title, field, rows }: ValueCardProperties) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {rows === undefined ? (
        <p class="soft">No sums are kept of that under this filter.</p>
      ) : (
        <ValueBars overview={overview} title={title} field={field} rows={rows} />
      )}
    </section>
  )
}

/** Renders the end users with the most requests, and how many requests named one at all. */
export function UserCard({ overview }: Part) {
  const { identified, requests } = addUp(overview.series)
  return (
    <section class="card">
      <h2>Users</h2>
      <p>
        {formatShare(identified, requests)} of the requests named their end user.
        {identified === 0 ? ' Send metadata.user_id or user to see who asks.' : ''}
      </p>
      {overview.users === undefined ? (
        <p class="soft">No sums are kept of users under this filter.</p>
      ) : (
        <ValueBars
          overview={overview}
          title="Users"
          field="user"
          rows={overview.users.filter(({ group }) => (group.user ?? null) !== null)}
        />
      )}
    </section>
  )
}

function ValueBars({ overview: { filter }, title, field, rows = [] }: ValueCardProperties) {
  const values = totalsBy(rows, field)
  const rest = addUp(values.slice(MOST_ROWS).map(({ totals }) => ({ group: {}, totals })))
  const shown = values.slice(0, MOST_ROWS).map(({ value, totals }) => ({
    label: value ?? 'none',
    href: value === null ? undefined : requestsPath(narrow(filter, { [field]: value })),
    size: totals.requests,
    figures: [formatCount(totals.requests), formatUsd(totals.costNanoUsd)],
  }))
  const others = {
    label: `${formatCount(values.length - MOST_ROWS)} others`,
    href: undefined,
    size: rest.requests,
    figures: [formatCount(rest.requests), formatUsd(rest.costNanoUsd)],
  }
  return (
    <BarList
      caption={`${title} by requests`}
      heads={[title, 'Requests', 'Cost']}
      rows={values.length > MOST_ROWS ? [...shown, others] : shown}
    />
  )
}
