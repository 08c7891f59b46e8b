/**
 * The overview: the sentence, the figures behind it, and the cards. Every figure leads to the receipts behind it.
 */
import { savingsSentence } from '../../../../shared/savings-sentence.ts'
import { type Filter, type Period, periodOf } from '../../dashboard/filter.ts'
import { addUp, selectRows } from '../../dashboard/usage-figures.ts'
import { planUsage, usageQuery } from '../../dashboard/usage-plan.ts'
import { createTimeFormat } from '../../format-figures.ts'
import { Budgets } from './budget-cards.tsx'
import { ContainerCard } from './container-card.tsx'
import { FilterBar } from './filter-bar.tsx'
import { loadOverview, type Overview } from './load-overview.ts'
import { CacheCard, FallbackCard, LatencyCard, OutcomeCard, UserCard, ValueCard } from './overview-cards.tsx'
import { CostChart, RouteChart } from './overview-charts.tsx'
import { OverviewTiles } from './overview-tiles.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { UnreadNotice } from './unread-notice.tsx'
import { useAddress } from './use-address.ts'
import { useLoaded } from './use-loaded.ts'

const PRESET_NAMES = {
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
}

/** Renders the view. */
export function OverviewPage() {
  const { filter, problems, setFilter } = useAddress()
  const { value, problem, loading } = useLoaded(JSON.stringify(filter), () =>
    loadOverview(filter, periodOf(filter, Date.now())),
  )
  return (
    <div aria-busy={loading ? 'true' : 'false'}>
      <Sentence overview={value} />
      <FilterBar filter={filter} problems={problems} setFilter={setFilter} forList={false} />
      <ProblemNotice problem={problem} />
      {value === undefined ? null : <UnreadNotice unread={value.unread} />}
      {value === undefined ? null : <Figures overview={value} />}
    </div>
  )
}

function Sentence({ overview }: { readonly overview: Overview | undefined }) {
  if (overview === undefined) return <h1 class="sentence">Dashboard</h1>
  const totals = addUp(overview.series)
  const { text, negative } = savingsSentence({
    period: periodName(overview.filter, overview.period),
    requests: totals.requests,
    localRequests: addUp(selectRows(overview.series, { route: 'local' })).requests,
    costNanoUsd: totals.costNanoUsd,
    // A part of the requests pays no rent of its own.
    containerNanoUsd: isWhole(overview.filter) ? overview.containerNanoUsd : 0,
    savedNanoUsd: totals.savedNanoUsd,
    unpricedRequests: totals.unpriced,
    baselineModel: overview.baselineModel,
  })
  return (
    <h1 class={negative ? 'sentence negative' : 'sentence'} aria-live="polite">
      {text}
    </h1>
  )
}

function Figures({ overview }: { readonly overview: Overview }) {
  const { requests } = addUp(overview.series)
  if (requests === 0)
    return isWhole(overview.filter) ? <FirstSteps /> : <p class="card">Nothing meets the filter.</p>
  return (
    <>
      {overview.ignored.length === 0 ? null : (
        <p class="notice">
          These figures are not narrowed by {overview.ignored.join(', ')}: no sums are kept of that. The list
          of requests keeps to it.
        </p>
      )}
      <OverviewTiles overview={overview} />
      <div class="charts">
        <RouteChart overview={overview} />
        <CostChart overview={overview} />
      </div>
      <div class="cards">
        <LatencyCard overview={overview} />
        <FallbackCard overview={overview} />
        <OutcomeCard overview={overview} />
        <CacheCard overview={overview} />
        <ValueCard overview={overview} title="Tasks" field="task" rows={overview.tasks} />
        <ValueCard overview={overview} title="Models" field="model" rows={overview.models} />
        <UserCard overview={overview} />
        <ValueCard overview={overview} title="Tenants" field="tenant" rows={overview.tenants} />
        <Budgets overview={overview} />
        <ContainerCard />
      </div>
      <p>
        <a href={tablePath(overview)} download="usage.csv">
          Download the sums as CSV
        </a>
      </p>
    </>
  )
}

function tablePath({ filter, period }: Overview): string {
  return `/v1/router/usage?${usageQuery(filter, period, planUsage(filter, period).series)}&format=csv`
}

function FirstSteps() {
  const example = `curl ${location.origin}/v1/messages -H 'content-type: application/json' -H 'x-api-key: YOUR_KEY' \\
  -d '{"model":"auto","max_tokens":100,"messages":[{"role":"user","content":"Good morning!"}]}'`
  return (
    <section class="card">
      <h2>Nothing has been asked in this period</h2>
      <p>
        Each request that this router answers leaves a receipt: who answered, why, what it cost. Try one in
        the <a href="/">playground</a>, or from a terminal, then reload this page:
      </p>
      <pre>{example}</pre>
      <p>
        Point a client at this address and it will appear here. Receipts older than the chosen period: choose
        a longer one.
      </p>
    </section>
  )
}

/** Whether the filter leaves no request out, but those of other times. */
function isWhole({ conditions }: Filter): boolean {
  return Object.keys(conditions).length === 0
}

function periodName({ range, timezone }: Filter, { from, to }: Period): string {
  if (typeof range === 'string') return PRESET_NAMES[range]
  const time = createTimeFormat(timezone)
  return `${time(from).slice(0, 16)} to ${time(to).slice(0, 16)}`
}
