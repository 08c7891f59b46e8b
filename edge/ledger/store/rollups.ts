/**
 * Sums of an object's receipts: written in bunches once a part of the month is over, until then made of its rows. Every
 * receipt is in exactly one sum, after any restart: those before the position `settled` in written ones, the others in
 * those in memory. Spans of users (`user-spans.ts`) are those sums once more, up to the time `spanned`. Only ever adds rows.
 */
import { numberOf, textOf } from '../../storage/row-values.ts'
import type { SqlDatabase } from '../../storage/sql-database.ts'
import { type PackedGroup, readGroups, writeGroups } from '../packed-groups.ts'
import { addReceipt, createSums, packSums } from '../totals.ts'
import { type GroupedFacts, holdsReceipts, scanReceipts } from './counted-rows.ts'
import { readState, writeState } from './object-state.ts'
import { createPendingSums, type PendingBunch, type PendingSums } from './pending-sums.ts'
import { firstPosition, timeOfPosition } from './positions.ts'
import {
  bucketOf,
  partOf,
  ROLLUP_KINDS,
  ROLLUP_NAMES,
  type RollupKind,
  valuesOf,
  writtenPart,
} from './rollup-kinds.ts'
import { sumsOfSpan } from './user-spans.ts'

export type Rollups = {
  /** Writes the sums of a receipt that began in a part which is written already. Inside the receipt's transaction. */
  readonly addLate: (position: number, facts: GroupedFacts) => void
  /** Counts a receipt once its transaction is through. Never throws. */
  readonly note: (position: number, facts: GroupedFacts) => void
  /** Writes the sums of parts that were over at this time, ms. @throws if the database does */
  readonly flush: (at: number) => void
  /** Writes all sums. @throws if the database does */
  readonly flushAll: () => void
  /** Returns whether any receipt is in no written sum. */
  readonly isPending: () => boolean
  /**
   * Yields the groups whose buckets begin from `from` on and before `to`, ms; a group may come in several pieces. In a snapshot
   * where others write.
   * @param user only groups of this user, where the kind tells users apart
   */
  readonly groups: (kind: RollupKind, from: number, to: number, user?: string) => Iterable<PackedGroup>
  /** Returns up to which time, ms, there are spans. In a snapshot where others write. */
  readonly spannedUntil: () => number
}

/** Groups in memory, of some hundred bytes each; beyond that they are written early. */
const MOST_PENDING = 20_000

/** Returns the sums of the object in this database. */
export function createRollups(database: SqlDatabase): Rollups {
  let settled = 0
  let spanned = 0
  let loaded: PendingSums | undefined
  let version: number | undefined
  /** What another program has written meanwhile is in nothing that is remembered here. Where it matters, in a transaction. */
  const refresh = () => {
    const present = database.version()
    if (present === version) return
    settled = Number(readState(database, 'settled') ?? 0)
    spanned = Number(readState(database, 'spanned') ?? 0)
    loaded = undefined
    version = present
  }
  const pending = (): PendingSums => {
    refresh()
    if (loaded !== undefined) return loaded
    const sums = createPendingSums()
    for (const { position, facts } of scanReceipts(database, { from: settled, to: Number.MAX_SAFE_INTEGER }))
      sums.add(timeOfPosition(position), facts)
    loaded = sums
    return sums
  }
  /** Writes what is pending before a time, ms; what is settled then stands at that position. */
  const writeBefore = (at: number, settledThen: () => number) => {
    const written = database.transaction(() => {
      const bunches = pending().before(at)
      if (bunches.length === 0) return undefined
      for (const bunch of bunches) appendSegments(database, bunch)
      const position = Math.max(settled, settledThen())
      writeState(database, 'settled', String(position))
      return position
    })
    if (written === undefined) return
    settled = written
    loaded?.forgetBefore(at)
  }
  /**
   * Writes the spans that are over at a time, ms, before which everything is written. One by one: there may be a month of them.
   */
  const writeSpans = (before: number) => {
    for (let more = true; more; ) {
      const written = database.transaction(() => {
        refresh()
        const span = nextSpan(database, spanned)
        const end = span + ROLLUP_KINDS.spans.bucketMs
        const unwritten = { from: settled, to: firstPosition(end) }
        if (end > before || holdsReceipts(database, unwritten)) return undefined
        const groups = sumsOfSpan(readGroupsOf('users', span, end))
        appendSegments(database, { kind: 'spans', part: span, groups })
        // What comes later than this is added to the span as well.
        const position = Math.max(settled, unwritten.to)
        writeState(database, 'settled', String(position))
        writeState(database, 'spanned', String(end))
        return { position, end }
      })
      more = written !== undefined
      if (written === undefined) continue
      settled = written.position
      spanned = written.end
    }
  }
  function* readGroupsOf(kind: RollupKind, from: number, to: number, user?: string): Generator<PackedGroup> {
    // The database looks for the name: one user is in few of many texts.
    const query = `SELECT groups FROM segments WHERE kind = ? AND part >= ? AND part < ? AND instr(groups, ?) > 0`
    const name = user === undefined ? '[' : JSON.stringify(user)
    for (const segment of database.scan(query, kind, writtenPart(kind, from), to, name))
      for (const group of readGroups(textOf(segment, 'groups')))
        if (isInside(group, from, to, user)) yield group
  }
  const flushAll = () => writeBefore(Number.POSITIVE_INFINITY, () => lastPosition(database) + 1)
  return {
    addLate(position, facts) {
      refresh()
      if (position >= settled) return
      const at = timeOfPosition(position)
      const kinds: readonly RollupKind[] = at < spanned ? [...ROLLUP_NAMES, 'spans'] : ROLLUP_NAMES
      for (const kind of kinds) {
        const sums = createSums()
        addReceipt(sums, facts)
        const group: PackedGroup = [bucketOf(kind, at), valuesOf(kind, facts), packSums(sums)]
        appendSegments(database, { kind, part: writtenPart(kind, at), groups: [group] })
      }
    },
    note(position, facts) {
      if (loaded === undefined || position < settled) return
      loaded.add(timeOfPosition(position), facts)
      if (loaded.size() < MOST_PENDING) return
      try {
        flushAll()
      } catch {
        // The rows are kept: the sums are made of them again when they are needed.
        loaded = undefined
      }
    },
    flush(at) {
      const part = partOf(at)
      writeBefore(part, () => firstPosition(part))
      writeSpans(part)
    },
    flushAll,
    isPending() {
      refresh()
      return holdsReceipts(database, { from: settled, to: Number.MAX_SAFE_INTEGER })
    },
    *groups(kind, from, to, user) {
      const unwritten = pending()
      yield* readGroupsOf(kind, from, to, user)
      for (const group of unwritten.of(kind)) if (isInside(group, from, to, user)) yield group
    },
    spannedUntil() {
      refresh()
      return spanned
    },
  }
}

function isInside(
  [bucket, [only]]: PackedGroup,
  from: number,
  to: number,
  user: string | undefined,
): boolean {
  return bucket >= from && bucket < to && (user === undefined || only === user)
}

/** Returns when the first span begins that is not written, ms; infinity where there are no sums yet. */
function nextSpan(database: SqlDatabase, spanned: number): number {
  const [first] = database.exec(
    "SELECT part FROM segments WHERE kind = 'users' AND part >= ? LIMIT 1",
    spanned,
  )
  return first === undefined ? Number.POSITIVE_INFINITY : bucketOf('spans', numberOf(first, 'part'))
}

function appendSegments(database: SqlDatabase, { kind, part, groups }: PendingBunch): void {
  const [last] = database.exec(
    'SELECT number FROM segments WHERE kind = ? AND part = ? ORDER BY number DESC LIMIT 1',
    kind,
    part,
  )
  let number = last === undefined ? 0 : numberOf(last, 'number') + 1
  for (const text of writeGroups(groups)) {
    const query = 'INSERT INTO segments (kind, part, number, groups) VALUES (?, ?, ?, ?)'
    database.exec(query, kind, part, number, text)
    number += 1
  }
}

function lastPosition(database: SqlDatabase): number {
  const [row] = database.exec('SELECT position FROM receipts ORDER BY position DESC LIMIT 1')
  return row === undefined ? 0 : numberOf(row, 'position')
}
