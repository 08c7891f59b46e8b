/**
 * `GET /v1/router/usage`: what requests cost and saved, added up by group and over time.
 */

import { toUsd } from '../../shared/money.ts'
import {
  GROUPINGS,
  GROUPINGS_WITH_USER,
  type Grouping,
  type Scope,
  type UsageQuery,
} from '../ledger/ledger.ts'
import type { Unread } from '../ledger/read-objects.ts'
import { rentNanoUsd } from '../ledger/rent.ts'
import { sumOfTotals } from '../ledger/totals.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { ledgerOf, reading, scopeOf } from './ledger-access.ts'
import { readMoment } from './moment.ts'
import { oneOf, readQuery, wrong } from './query.ts'
import { readTimezone } from './receipt-filter.ts'
import type { UsageAnswer } from './usage-schema.ts'
import { showTotals, usageCsv } from './usage-wire.ts'

export const USAGE_FORMATS = ['json', 'csv'] as const
/** Parameters, in the order in which they are documented. */
export const USAGE_PARAMETERS = ['from', 'to', 'groupBy', 'timezone', 'tenant', 'format'] as const
const DEFAULT_FROM = '30d'

/** Returns the handler. */
export function createUsageHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, now } = dependencies
  return async (context) => {
    const { tenant, format, ...query } = readUsageQuery(context.req.url, now())
    const scope = scopeOf(context, tenant)
    const ledger = ledgerOf(dependencies)
    const unread: Unread[] = []
    // A table cannot say what it lacks.
    const onUnread = format === 'csv' ? undefined : (lacking: Unread) => void unread.push(lacking)
    const rows = await reading(dependencies, context, ledger.usage(scope, query, onUnread))
    if (format === 'csv')
      return new Response(usageCsv(query.groupBy, rows), {
        headers: { 'content-type': 'text/csv; charset=utf-8' },
      })
    const totals = showTotals(sumOfTotals(rows.map((row) => row.totals)))
    const containerNanoUsd = await reading(dependencies, context, rentOf(dependencies, scope, query))
    const netSavedNanoUsd = totals.savedNanoUsd - containerNanoUsd
    const answer: UsageAnswer = {
      from: new Date(query.from).toISOString(),
      to: new Date(query.to).toISOString(),
      timezone: query.timezone,
      groupBy: [...query.groupBy],
      baselineModel: config.savingsBaseline ?? config.claude.model,
      data: rows.map(({ group, totals: sums }) => ({ group, totals: showTotals(sums) })),
      totals,
      containerUsd: toUsd(containerNanoUsd),
      containerNanoUsd,
      netSavedUsd: toUsd(netSavedNanoUsd),
      netSavedNanoUsd,
      unread,
    }
    return context.json(answer)
  }
}

/** Returns what the container cost since the router's first day: before that nobody can say that it was there. */
async function rentOf(
  dependencies: AppDependencies,
  scope: Scope,
  { from, to }: Pick<UsageQuery, 'from' | 'to'>,
): Promise<number> {
  const { containerUsdPerMonth } = dependencies.config
  if (containerUsdPerMonth === 0 || !paysRent(dependencies, scope)) return 0
  const firstDay = await ledgerOf(dependencies).firstDay()
  if (firstDay === undefined) return 0
  return rentNanoUsd(containerUsdPerMonth, Math.max(from, firstDay), Math.min(to, dependencies.now()))
}

/** The rent is that of the whole deployment: a tenant pays it only where nobody else can be one. */
function paysRent({ config, control }: AppDependencies, { tenant }: Scope): boolean {
  const hasKeys = config.keys.length > 0 || (control.known()?.keys.size ?? 0) > 0
  return tenant === undefined || (!hasKeys && tenant === config.anonymous?.id)
}

type ReadUsageQuery = UsageQuery & {
  readonly tenant: string | undefined
  readonly format: (typeof USAGE_FORMATS)[number]
}

/** @throws {RouterError} `invalid_request` that says what is wrong with which parameter */
export function readUsageQuery(url: string, now: number): ReadUsageQuery {
  const query = readQuery(url, USAGE_PARAMETERS)
  const timezone = readTimezone(query.timezone)
  const from = readMoment('from', query.from ?? DEFAULT_FROM, now, timezone)
  const to = query.to === undefined ? now : readMoment('to', query.to, now, timezone)
  if (from >= to) throw wrong('from must be before to.')
  return {
    from,
    to,
    groupBy: readGroupings(query.groupBy),
    timezone,
    tenant: query.tenant,
    format: oneOf('format', query.format, USAGE_FORMATS) ?? 'json',
  }
}

function readGroupings(value: string | undefined): readonly Grouping[] {
  const names = (value?.split(',') ?? []).map((name) => name.trim())
  const groupings = names.flatMap((name) => GROUPINGS.filter((known) => known === name))
  if (groupings.length < names.length)
    throw wrong(`groupBy must be some of ${GROUPINGS.join(', ')}, separated by commas.`)
  if (new Set(groupings).size < groupings.length) throw wrong('groupBy names a group twice.')
  if (groupings.includes('day') && groupings.includes('hour'))
    throw wrong('groupBy takes day or hour: every hour lies in one day.')
  const stranger = groupings.find((name) => !GROUPINGS_WITH_USER.includes(name))
  if (groupings.includes('user') && stranger !== undefined)
    throw wrong(`groupBy: user goes with tenant and day, not with ${stranger}.`)
  return groupings
}
