/**
 * The query of `GET /v1/router/requests`: which receipts, how many, from where on and in which form.
 */
import { COMPLEX_TASKS, SIMPLE_TASKS } from '../../shared/tasks.ts'
import type { ReceiptFilter } from '../ledger/ledger.ts'
import { BUDGET_EFFECTS, CACHE_RESULTS, OUTCOMES, ROUTES } from '../ledger/receipt.ts'
import { FEEDBACK } from '../ledger/receipt-record.ts'
import { isTimeZone } from '../time-zone.ts'
import { readMoment } from './moment.ts'
import { oneOf, readQuery, wholeNumber, wrong } from './query.ts'

export const RECEIPT_FORMATS = ['json', 'jsonl', 'training', 'answers'] as const
export const LARGEST_PAGE = 200
const DEFAULT_PAGE = 50
const LARGEST_EXPORT = 100_000_000

/** Parameters of the list, in the order in which they are documented. */
export const RECEIPT_PARAMETERS = [
  'from',
  'to',
  'timezone',
  'user',
  'route',
  'model',
  'task',
  'outcome',
  'fallback',
  'cache',
  'budget',
  'feedback',
  'tenant',
  'limit',
  'cursor',
  'format',
] as const

export type ReceiptQuery = {
  readonly filter: ReceiptFilter
  readonly tenant: string | undefined
  readonly format: (typeof RECEIPT_FORMATS)[number]
  /** Receipts of a page, or of an export in all; undefined: an export of everything. */
  readonly limit: number | undefined
  readonly cursor: string | undefined
}

/** @throws {RouterError} `invalid_request` that says what is wrong with which parameter */
export function readReceiptQuery(url: string, now: number): ReceiptQuery {
  const query = readQuery(url, RECEIPT_PARAMETERS)
  const format = oneOf('format', query.format, RECEIPT_FORMATS) ?? 'json'
  const isPage = format === 'json'
  const limit = wholeNumber('limit', query.limit, { least: 1, most: isPage ? LARGEST_PAGE : LARGEST_EXPORT })
  if (!isPage && query.cursor !== undefined)
    throw wrong(`cursor goes with format=json: an export holds all receipts.`)
  return {
    filter: readFilter(query, now),
    tenant: query.tenant,
    format,
    limit: isPage ? (limit ?? DEFAULT_PAGE) : limit,
    cursor: query.cursor,
  }
}

type Given = ReturnType<typeof readQuery<(typeof RECEIPT_PARAMETERS)[number]>>

function readFilter(query: Given, now: number): ReceiptFilter {
  const timezone = readTimezone(query.timezone)
  const moment = (name: 'from' | 'to') =>
    query[name] === undefined ? undefined : readMoment(name, query[name], now, timezone)
  const from = moment('from')
  const to = moment('to')
  if (from !== undefined && to !== undefined && from >= to) throw wrong('from must be before to.')
  return {
    from,
    to,
    user: query.user,
    route: oneOf('route', query.route, ROUTES),
    model: query.model,
    task: oneOf('task', query.task, [...SIMPLE_TASKS, ...COMPLEX_TASKS]),
    outcome: oneOf('outcome', query.outcome, OUTCOMES),
    fallback: query.fallback,
    cache: oneOf('cache', query.cache, CACHE_RESULTS),
    budget: oneOf('budget', query.budget, BUDGET_EFFECTS),
    feedback: oneOf('feedback', query.feedback, FEEDBACK),
  }
}

/** Returns the zone, UTC where none is named. @throws {RouterError} `invalid_request` for one that does not exist */
export function readTimezone(name: string | undefined): string {
  if (name === undefined) return 'UTC'
  if (isTimeZone(name)) return name
  throw wrong('timezone must be an IANA name such as Europe/Berlin.')
}
