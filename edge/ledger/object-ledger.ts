/**
 * The ledger over objects: which of them are asked, and their answers put together. Where they are and what they keep
 * things in is not known here.
 */
import { RouterError } from '../../shared/errors.ts'
import { isTimeZone } from '../time-zone.ts'
import { GROUPINGS_WITH_USER, type Ledger, type Scope, type UsageQuery } from './ledger.ts'
import type { DirectoryEntry, LedgerDirectory, LedgerObjects } from './ledger-objects.ts'
import { listReceiptsOf } from './list-receipts.ts'
import { boundsOfMonth, monthOf, type Place, placedAt, receiptsObjectName, shardOf } from './places.ts'
import { readObjects } from './read-objects.ts'
import type { ReceiptRecord } from './receipt-record.ts'
import { timeOfRequestId } from './request-id.ts'
import { mergeUsage, type ObjectQuery, type TenantUsage, type UsageAnswer } from './usage-sum.ts'

export type LedgerOptions = {
  readonly objects: LedgerObjects
  readonly directory: LedgerDirectory
  /** Over how many objects a tenant's receipts of a month are spread; may change at any time. */
  readonly shards: number
}

/** Returns the ledger. */
export function createLedger({ objects, directory, shards }: LedgerOptions): Ledger {
  const placeOf = (record: ReceiptRecord): Place => ({
    tenant: record.tenant,
    month: monthOf(placedAt(record)),
    shard: shardOf(record.id, shards),
  })
  /** Only places that are registered: asking any other would make an object there. */
  const placesOf = async ({ tenant }: Scope, isWanted: (place: Place) => boolean) =>
    (await directory.entries(tenant)).filter((entry) => !entry.archived && isWanted(entry))
  const placesOfId = async (scope: Scope, id: string): Promise<readonly Place[]> => {
    const at = timeOfRequestId(id)
    if (at === undefined) return []
    const month = monthOf(at)
    return placesOf(scope, (place) => place.month === month)
  }
  const usage: Ledger['usage'] = async ({ tenant }, query, onUnread) => {
    const { groupBy, ...range } = checkQuery(query)
    const rest = { ...range, groupBy: groupBy.filter((name) => name !== 'tenant') }
    const entries = (await directory.entries(tenant)).filter(({ month }) => isInRange(month, query))
    const kept = entries.filter((entry) => !entry.archived)
    const asked = [...kept, ...archivedTenants(entries).map((name) => ({ tenant: name, month: undefined }))]
    const read = (each: (typeof asked)[number]) =>
      usageOf(
        each.tenant,
        each.month === undefined ? objects.archive(each.tenant) : objects.receipts(each),
        rest,
      )
    return mergeUsage(groupBy, await readObjects(asked, read, onUnread))
  }
  /** No receipt comes before the first one any more, but within its day. */
  let first: number | undefined
  return {
    async append(record) {
      const place = placeOf(record)
      await objects.receipts(place).append(place, record)
    },
    async appendAll(records) {
      const groups = Map.groupBy(records, (record) => receiptsObjectName(placeOf(record)))
      // At once: an object that does not answer must not hold up what others keep.
      await Promise.all(
        [...groups.values()].map(async (group) => {
          const [first] = group
          if (first === undefined) return
          const place = placeOf(first)
          await objects.receipts(place).appendAll(place, group)
        }),
      )
    },
    async find(scope, id) {
      const places = await placesOfId(scope, id)
      const found = await Promise.all(places.map((place) => objects.receipts(place).find(id)))
      return found.find((receipt) => receipt !== undefined)
    },
    async list(scope, filter, page, onUnread) {
      const places = await placesOf(scope, ({ month }) => isInRange(month, filter))
      return listReceiptsOf(objects, places, filter, { ...page, onUnread })
    },
    usage,
    async firstDay() {
      first ??= await findFirstDay(await directory.entries(undefined), usage)
      return first
    },
    async giveFeedback(scope, id, feedback) {
      const places = await placesOfId(scope, id)
      const given = await Promise.all(
        places.map((place) => objects.receipts(place).giveFeedback(id, feedback)),
      )
      return given.includes(true)
    },
    async tenants() {
      return [...new Set((await directory.entries(undefined)).map(({ tenant }) => tenant))].toSorted()
    },
  }
}

/** Only the first month is added up: what came before it is nothing. */
async function findFirstDay(
  entries: readonly DirectoryEntry[],
  usage: Ledger['usage'],
): Promise<number | undefined> {
  for (const month of [...new Set(entries.map((entry) => entry.month))].toSorted()) {
    const query = { ...boundsOfMonth(month), groupBy: ['day'], timezone: 'UTC' } as const
    const [earliest] = (await usage({ tenant: undefined }, query)).flatMap(({ group }) => group.day ?? [])
    if (earliest !== undefined) return Date.parse(earliest)
  }
  return undefined
}

async function usageOf(
  tenant: string,
  object: { readonly usage: (query: ObjectQuery) => Promise<UsageAnswer> },
  query: ObjectQuery,
): Promise<TenantUsage> {
  const usage = await object.usage(query)
  if (usage === 'too_many_groups') {
    const message = 'These are too many groups: shorten the time from `from` to `to`, or group by less.'
    throw new RouterError('invalid_request', message)
  }
  return { tenant, usage }
}

function archivedTenants(entries: readonly DirectoryEntry[]): readonly string[] {
  return [...new Set(entries.filter(({ archived }) => archived).map(({ tenant }) => tenant))]
}

/** What users of every kind may get wrong; a query without a mistake comes back with each grouping once. */
function checkQuery(query: UsageQuery): UsageQuery {
  const groupBy = [...new Set(query.groupBy)]
  if (!isTimeZone(query.timezone)) {
    const message = 'timezone must be a name such as Europe/Berlin or UTC.'
    throw new RouterError('invalid_request', message)
  }
  const isByUser = groupBy.includes('user') || query.user !== undefined
  if (isByUser && !groupBy.every((name) => GROUPINGS_WITH_USER.includes(name))) {
    const message = 'groupBy: user goes with tenant and day only.'
    throw new RouterError('invalid_request', message)
  }
  return { ...query, groupBy }
}

function isInRange(
  month: string,
  range: { readonly from?: number | undefined; readonly to?: number | undefined },
): boolean {
  const { from, to } = boundsOfMonth(month)
  return (range.to === undefined || from < range.to) && (range.from === undefined || to > range.from)
}
