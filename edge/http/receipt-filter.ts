/**
 * The query of `GET /v1/router/requests`: which receipts, how many, from where on and in which form.
 */
import { TASKS } from '../../shared/tasks.ts'
import { RECEIPT_CONDITIONS, type ReceiptCondition, type ReceiptFilter } from '../ledger/ledger.ts'
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
  ...RECEIPT_CONDITIONS,
  'tenant',
  'limit',
  'cursor',
  'format',
] as const

/** Of conditions that have few. */
const KNOWN_VALUES: Readonly<Partial<Record<ReceiptCondition, readonly string[]>>> = {
  route: ROUTES,
  task: TASKS,
  outcome: OUTCOMES,
  cache: CACHE_RESULTS,
  budget: BUDGET_EFFECTS,
  feedback: FEEDBACK,
}

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
  const conditions = RECEIPT_CONDITIONS.map((name) => {
    const known = KNOWN_VALUES[name]
    return [name, known === undefined ? query[name] : oneOf(name, query[name], known)]
  })
  return { from, to, ...Object.fromEntries(conditions) }
}

/** Returns the zone, UTC where none is named. @throws {RouterError} `invalid_request` for one that does not exist */
export function readTimezone(name: string | undefined): string {
  if (name === undefined) return 'UTC'
  if (isTimeZone(name)) return name
  throw wrong('timezone must be an IANA name such as Europe/Berlin.')
}
