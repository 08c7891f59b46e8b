/**
 * Which groupings of the usage API give the dashboard's figures under a filter. Asks nobody.
 */
import type { Grouping } from '../../ledger/ledger.ts'
import { FIGURE_FIELDS, type Filter, type FilterField, LIST_FIELDS, type Period } from './filter.ts'
import { bucketUnit } from './time-buckets.ts'

/** The questions that give the overview's figures: three, whatever is asked, as each is work for every tenant's store. */
export type UsagePlan = {
  /** By route and time; without routes where the filter names an end user. */
  readonly series: readonly Grouping[]
  /** By tenant, task and model together; by tenant alone where the filter names an end user. */
  readonly values: readonly Grouping[]
  /** Undefined where no sums of users are kept that keep to the filter. */
  readonly users: readonly Grouping[] | undefined
  /** Conditions that no sum knows, so that figures are of more than they say. */
  readonly ignored: readonly FilterField[]
}

/** Returns the groupings. */
export function planUsage(filter: Filter, period: Period): UsagePlan {
  const { conditions } = filter
  const unit = bucketUnit(period)
  const ignored = LIST_FIELDS.filter((field) => conditions[field] !== undefined)
  const split = FIGURE_FIELDS.filter(
    (field) => conditions[field] !== undefined && field !== 'tenant' && field !== 'user',
  ) as ('route' | 'model' | 'task')[]
  // End users are counted by tenant and UTC day alone, or every user would multiply every other sum.
  if (conditions.user !== undefined)
    return {
      series: ['day', 'user'],
      values: ['tenant', 'user'],
      users: undefined,
      ignored: [...split, ...ignored],
    }
  const by = (...groupings: Grouping[]) => [...new Set([...groupings, ...split])]
  return {
    series: by(unit, 'route'),
    values: by('tenant', 'task', 'model'),
    users: split.length === 0 ? ['user'] : undefined,
    ignored,
  }
}

/** Returns the query of the usage API, without "?". */
export function usageQuery(filter: Filter, period: Period, groupBy: readonly Grouping[]): string {
  const query = periodQuery(filter, period)
  query.set('timezone', filter.timezone)
  if (groupBy.length > 0) query.set('groupBy', groupBy.join(','))
  return query.toString()
}

/** Returns the query of the list of receipts, without "?"; of all of them where no page is named. */
export function receiptsQuery(
  filter: Filter,
  period: Period,
  page?: { readonly limit: number; readonly cursor?: string | undefined },
): string {
  const query = periodQuery(filter, period)
  for (const [field, value] of Object.entries(filter.conditions)) query.set(field, value)
  if (page !== undefined) query.set('limit', String(page.limit))
  if (page?.cursor !== undefined) query.set('cursor', page.cursor)
  return query.toString()
}

function periodQuery({ conditions }: Filter, { from, to }: Period): URLSearchParams {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
  if (conditions.tenant !== undefined) query.set('tenant', conditions.tenant)
  return query
}
