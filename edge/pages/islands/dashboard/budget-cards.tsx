/**
 * The limits of every tenant and what is used of them, as a card of the overview.
 */
import { type Budget, budgetListSchema, budgetSchema, type LimitUse } from '../../dashboard/api-schemas.ts'
import { narrow } from '../../dashboard/filter.ts'
import { endsAtTime, formatLimitAmount, limitLabel } from '../../dashboard/limit-texts.ts'
import { addUp } from '../../dashboard/usage-figures.ts'
import { createTimeFormat, formatCount } from '../../format-figures.ts'
import { readApi } from './api.ts'
import { BarList } from './bar-list.tsx'
import type { Overview } from './load-overview.ts'
import { ProblemNotice } from './problem-notice.tsx'
import { HOME_TIMEZONE, requestsPath } from './use-address.ts'
import { useLoaded } from './use-loaded.ts'

/** Beyond these the list is the budgets page's. */
const MOST_TENANTS = 6

/** Renders the card. */
export function Budgets({ overview }: { readonly overview: Overview }) {
  const { value, problem } = useLoaded('budgets', loadBudgets)
  return (
    <section class="card">
      <h2>
        <a href="/dashboard/budgets">Budgets</a>
      </h2>
      <BudgetEffects overview={overview} />
      <ProblemNotice problem={problem} />
      {value?.length === 0 ? <p>No tenant has limits.</p> : null}
      {value?.map(({ tenant, usage }) => (
        <section key={tenant}>
          <h3>{tenant}</h3>
          <UseList uses={usage ?? []} />
        </section>
      ))}
    </section>
  )
}

const EFFECTS = [
  ['budgetCheaper', 'cheaper', 'sent to the cheap Claude model'],
  ['budgetLocal', 'local', 'sent to the local model'],
  ['budgetRefused', 'refused', 'refused'],
] as const

/** Renders how many requests of the period limits have bent or refused. */
function BudgetEffects({ overview: { series, filter } }: { readonly overview: Overview }) {
  const totals = addUp(series)
  const told = EFFECTS.filter(([count]) => totals[count] > 0)
  if (told.length === 0) return <p class="soft">No limit has changed an answer in this period.</p>
  return (
    <BarList
      caption="Requests that a reached limit changed"
      heads={['By a limit', 'Requests']}
      rows={told.map(([count, budget, label]) => ({
        label,
        href: requestsPath(narrow(filter, { budget })),
        size: totals[count],
        figures: [formatCount(totals[count])],
      }))}
    />
  )
}

/** Returns the first tenants with limits and what each has used. */
async function loadBudgets(): Promise<Budget[]> {
  const { data } = await readApi('/v1/router/budgets', budgetListSchema)
  const named = data.filter(({ tenant }) => tenant !== '*').slice(0, MOST_TENANTS)
  return Promise.all(
    named.map(({ tenant }) => readApi(`/v1/router/budgets/${encodeURIComponent(tenant)}`, budgetSchema)),
  )
}

/** Renders how far limits are used. */
export function UseList({ uses }: { readonly uses: readonly LimitUse[] }) {
  if (uses.length === 0) return <p class="soft">Nothing is counted for the tenant as a whole.</p>
  const time = createTimeFormat(HOME_TIMEZONE)
  return (
    <dl class="uses">
      {uses.map(({ limit, hard, used, reserved, resetsAt }) => {
        const taken = Math.min(1, (used + reserved) / hard)
        return (
          <div key={limit}>
            <dt>
              {limitLabel(limit)}
              {endsAtTime(limit) && (
                <span class="soft"> (until {time(Date.parse(resetsAt)).slice(0, 16)})</span>
              )}
            </dt>
            <dd class="number">
              {formatLimitAmount(limit, used)} of {formatLimitAmount(limit, hard)}
              {reserved === 0 ? '' : `, ${formatLimitAmount(limit, reserved)} on the way`}
              <svg
                class={`bar-line ${taken >= 1 ? 'full' : ''}`}
                viewBox="0 0 100 4"
                preserveAspectRatio="none"
                aria-hidden="true"
              >
                <rect class="ground" width="100" height="4" />
                <rect width={100 * taken} height="4" />
              </svg>
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
