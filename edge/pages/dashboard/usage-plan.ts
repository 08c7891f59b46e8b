/**
 * Which groupings of the usage API give the dashboard's figures under a filter. Asks nobody.
 */
import type { Grouping } from '../../ledger/ledger.ts'
import { FIGURE_FIELDS, type Filter, type FilterField, LIST_FIELDS, type Period } from './filter.ts'
import { bucketUnit } from './time-buckets.ts'

/** The parts of the overview that each need a grouping of their own. */
export type UsagePlan = {
  /** By route and time; without routes where the filter names an end user. */
  readonly series: readonly Grouping[]
  readonly tasks: readonly Grouping[] | undefined
  readonly models: readonly Grouping[] | undefined
  readonly users: readonly Grouping[] | undefined
  readonly tenants: readonly Grouping[] | undefined
  /** Conditions that no sum knows, so that figures are of more than they say. */
  readonly ignored: readonly FilterField[]
}

/** Returns the groupings; undefined where the API has none that keeps to the filter. */
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
      tasks: undefined,
      models: undefined,
      users: undefined,
      tenants: ['tenant', 'user'],
      ignored: [...split, ...ignored],
    }
  const by = (...groupings: Grouping[]) => [...new Set([...groupings, ...split])]
  return {
    series: by(unit, 'route'),
    tasks: by('task'),
    models: by('model'),
    users: split.length === 0 ? ['user'] : undefined,
    tenants: by('tenant'),
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
