/**
 * One page of receipts out of many objects, newest first: month by month, the objects of a month at once.
 */
import type { ReceiptFilter, ReceiptPage } from './ledger.ts'
import type { LedgerObjects } from './ledger-objects.ts'
import { boundsOfMonth, type Place, receiptsObjectName } from './places.ts'
import { type OnUnread, readObjects } from './read-objects.ts'
import { type ReceiptCursor, readCursor, writeCursor } from './receipt-cursor.ts'
import type { KeptReceipt } from './receipt-record.ts'
import { firstPosition } from './store/positions.ts'
import type { PositionRange } from './store/receipt-rows.ts'

type Found = ReceiptCursor & { readonly receipt: KeptReceipt }

/** Objects look at a bounded number of rows in a call; after so many calls a page is given as it is. */
const MOST_ROUNDS = 10

export type PageQuery = {
  readonly limit: number
  readonly cursor?: string | undefined
  /** Told of objects that could not be read, each once. */
  readonly onUnread?: OnUnread | undefined
}

/**
 * Returns a page of the receipts in these places.
 * @throws {RouterError} `invalid_request` for a cursor that is none of ours
 */
export async function listReceiptsOf(
  objects: LedgerObjects,
  places: readonly Place[],
  filter: ReceiptFilter,
  { limit, cursor, onUnread }: PageQuery,
): Promise<ReceiptPage> {
  const found: Found[] = []
  let reached = cursor === undefined ? undefined : readCursor(cursor)
  let rounds = 0
  const unread = new Set<string>()
  const tellOnce: OnUnread | undefined =
    onUnread &&
    ((lacking) => {
      const name = JSON.stringify(lacking)
      if (!unread.has(name)) onUnread(lacking)
      unread.add(name)
    })
  for (const month of monthsNewestFirst(places)) {
    const range = rangeIn(month, filter)
    const here = places.filter((place) => place.month === month)
    if (range.from >= range.to) continue
    for (;;) {
      const wanted = limit - found.length
      const { receipts, end, isWhole } = await listMonth(objects, here, range, filter, {
        limit: wanted,
        after: reached,
        onUnread: tellOnce,
      })
      found.push(...receipts)
      const last = found.at(-1)
      if (last !== undefined && found.length === limit)
        return { receipts: found.map(({ receipt }) => receipt), cursor: writeCursor(last) }
      if (isWhole) break
      // Behind every object of this position.
      reached = { position: end, object: LAST_OBJECT }
      rounds += 1
      if (rounds === MOST_ROUNDS)
        return { receipts: found.map(({ receipt }) => receipt), cursor: writeCursor(reached) }
    }
  }
  return { receipts: found.map(({ receipt }) => receipt), cursor: null }
}

/** Sorts after the name of every object. */
const LAST_OBJECT = '\u{10ffff}'

/** Returns the next receipts of a month, as far as every object of it has been looked through. */
async function listMonth(
  objects: LedgerObjects,
  places: readonly Place[],
  range: PositionRange,
  filter: ReceiptFilter,
  {
    limit,
    after,
    onUnread,
  }: Pick<PageQuery, 'limit' | 'onUnread'> & {
    readonly after: ReceiptCursor | undefined
  },
) {
  const read = async (place: Place) => {
    const object = receiptsObjectName(place)
    const rest = { ...range, to: Math.min(range.to, endAfter(after, object)) }
    if (rest.from >= rest.to) return { receipts: [], end: range.from }
    const { receipts, end } = await objects.receipts(place).list(rest, filter, limit)
    return { receipts: receipts.map((each) => ({ ...each, object })), end }
  }
  const lists = await readObjects(places, read, onUnread)
  const end = Math.max(range.from, ...lists.map((list) => list.end))
  const receipts = lists
    .flatMap((list) => list.receipts)
    .filter(({ position }) => position >= end)
    .toSorted(byPosition)
    .slice(0, limit)
  return { receipts, end, isWhole: end === range.from }
}

/** Returns the position before which an object's receipts come after a cursor. */
function endAfter(cursor: ReceiptCursor | undefined, object: string): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER
  return object > cursor.object ? cursor.position + 1 : cursor.position
}

function byPosition(left: ReceiptCursor, right: ReceiptCursor): number {
  if (left.position !== right.position) return right.position - left.position
  return left.object < right.object ? -1 : 1
}

function monthsNewestFirst(places: readonly Place[]): readonly string[] {
  return [...new Set(places.map(({ month }) => month))].toSorted().toReversed()
}

function rangeIn(month: string, { from, to }: ReceiptFilter): PositionRange {
  const bounds = boundsOfMonth(month)
  return {
    from: firstPosition(Math.max(bounds.from, from ?? bounds.from)),
    to: firstPosition(Math.min(bounds.to, to ?? bounds.to)),
  }
}
