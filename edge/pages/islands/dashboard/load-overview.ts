/**
 * Asks the usage API for the overview's figures: a handful of sums, never the receipts themselves.
 */
import type { Grouping, UsageRow } from '../../../ledger/ledger.ts'
import { type Usage, usageSchema } from '../../dashboard/api-schemas.ts'
import type { Filter, Period } from '../../dashboard/filter.ts'
import { type TimeBucket, timeBuckets } from '../../dashboard/time-buckets.ts'
import { selectRows } from '../../dashboard/usage-figures.ts'
import { planUsage, usageQuery } from '../../dashboard/usage-plan.ts'
import { readApi } from './api.ts'

export type Overview = {
  readonly filter: Filter
  readonly period: Period
  readonly time: { readonly unit: 'day' | 'hour'; readonly buckets: readonly TimeBucket[] }
  readonly series: readonly UsageRow[]
  /** Undefined where no sums are kept that keep to the filter. */
  readonly tasks: readonly UsageRow[] | undefined
  readonly models: readonly UsageRow[] | undefined
  readonly users: readonly UsageRow[] | undefined
  readonly tenants: readonly UsageRow[]
  readonly containerNanoUsd: number
  readonly baselineModel: string
  /** What the figures lack because it cannot be read now. */
  readonly unread: Usage['unread']
  /** Conditions that the figures do not keep to. */
  readonly ignored: readonly string[]
}

/** Returns the figures of a period under a filter. @throws {ApiProblem} */
export async function loadOverview(filter: Filter, period: Period): Promise<Overview> {
  const plan = planUsage(filter, period)
  const ask = (groupBy: readonly Grouping[]) =>
    readApi(`/v1/router/usage?${usageQuery(filter, period, groupBy)}`, usageSchema)
  const [series, values, users] = await Promise.all([
    ask(plan.series),
    ask(plan.values),
    plan.users === undefined ? undefined : ask(plan.users),
  ])
  const unit = plan.series.includes('hour') ? 'hour' : 'day'
  const byUser = filter.conditions.user !== undefined
  // End users are counted by UTC days.
  const timezone = byUser ? 'UTC' : filter.timezone
  return {
    filter,
    period,
    time: { unit, buckets: timeBuckets(period, unit, timezone) },
    series: select(series, filter),
    tasks: byUser ? undefined : select(values, filter),
    models: byUser ? undefined : select(values, filter),
    users: users && select(users, filter),
    tenants: select(values, filter),
    containerNanoUsd: series.containerNanoUsd,
    baselineModel: series.baselineModel,
    unread: [series, values, ...(users === undefined ? [] : [users])].flatMap(({ unread }) => unread),
    ignored: plan.ignored,
  }
}

function select({ data }: Usage, { conditions: { user, route, model, task } }: Filter): UsageRow[] {
  // By an end user no other group is there to be selected by.
  return selectRows(data, user === undefined ? onlySet({ route, model, task }) : { user })
}

function onlySet(conditions: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(conditions).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
