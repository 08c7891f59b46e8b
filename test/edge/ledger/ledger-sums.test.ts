/**
 * Totals are the sum of the receipts to the last nano-dollar: for any receipts, groups, zones and ranges, in whatever order
 * receipts come, sums are written, processes end and months are archived.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Grouping, UsageTotals } from '../../../edge/ledger/ledger.ts'
import type { ReceiptRecord } from '../../../edge/ledger/receipt-record.ts'
import type { SqlDatabase } from '../../../edge/storage/sql-database.ts'
import { openSqliteDatabase } from '../../../llm/sqlite-database.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { receiptFields, receiptRecord } from '../../support/edge/receipt-records.ts'

const MINUTE_MS = 60_000
const QUARTER_MS = 15 * MINUTE_MS
const DAY_MS = 24 * 60 * MINUTE_MS
/** Clocks are set back in Berlin and in New York, and a month ends. */
const FROM = Date.UTC(2026, 9, 24)
const TO = Date.UTC(2026, 10, 3)
const FOREVER_DAYS = 3_650

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'America/St_Johns',
  'Australia/Lord_Howe',
] as const
const BY_ROUTE: readonly Grouping[] = ['tenant', 'route', 'model', 'task', 'day', 'hour']
const BY_USER: readonly Grouping[] = ['tenant', 'user', 'day']

const moment = fc.integer({ min: FROM, max: TO - 1 })
const quarter = moment.map((at) => Math.floor(at / QUARTER_MS) * QUARTER_MS)
const receipt = fc
  .tuple(moment, fc.constantFrom('alice', 'bob', '__proto__'), receiptFields)
  .map(([at, tenant, fields]) => receiptRecord(at, { ...fields, tenant }))
const append = receipt.map((record) => ({ kind: 'append' as const, record }))
const again = fc.nat().map((index) => ({ kind: 'again' as const, index }))
const restart = fc.constant({ kind: 'restart' as const })
const tend = fc.integer({ min: FROM, max: TO + DAY_MS }).map((at) => ({ kind: 'tend' as const, at }))
const expire = fc.constant({ kind: 'tend' as const, at: TO + 400 * DAY_MS })
type Step =
  | { readonly kind: 'append'; readonly record: ReceiptRecord }
  | { readonly kind: 'again'; readonly index: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'tend'; readonly at: number }

const steps = (...others: readonly fc.WeightedArbitrary<Step>[]) =>
  fc.array(
    fc.oneof(
      { weight: 10, arbitrary: append },
      { weight: 1, arbitrary: again },
      { weight: 1, arbitrary: restart },
      ...others,
    ),
    { maxLength: 60 },
  )
const grouping = (names: readonly Grouping[]) => fc.shuffledSubarray([...names])
const query = fc.record({
  groupBy: fc.oneof(grouping(BY_ROUTE), grouping(BY_USER)),
  timezone: fc.constantFrom(...ZONES),
  ends: fc.tuple(moment, moment),
  tenant: fc.constantFrom(undefined, 'alice'),
  user: fc.option(fc.constantFrom('user-1', '__proto__', 'nobody'), { nil: undefined, freq: 4 }),
})

test('sums are exact to the millisecond while receipts are kept', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      steps({ weight: 2, arbitrary: tend }),
      fc.array(query, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(1, 3),
      async (path, queries, shards) => {
        const { ledger, kept } = await walk(path, { shards, retentionDays: FOREVER_DAYS })
        for (const { groupBy, timezone, ends, tenant, user: asked } of queries) {
          const [from = 0, to = 0] = ends.toSorted((left, right) => left - right)
          const user = groupBy.every((name) => BY_USER.includes(name)) ? asked : undefined
          const zone = user === undefined ? timezone : 'UTC'
          const rows = await ledger.usage({ tenant }, { from, to, groupBy, timezone: zone, user })
          const inside = kept.filter(
            (record) =>
              record.startedAt >= from &&
              record.startedAt < to &&
              (user === undefined || record.user === user) &&
              (tenant === undefined || record.tenant === tenant),
          )
          expect(plain(rows)).toEqual(sumsByHand(inside, groupBy, zone))
        }
      },
    ),
    { numRuns: 80 },
  )
})

test('sums are exact to the quarter hour once months are archived, whatever comes too late', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      steps({ weight: 2, arbitrary: tend }, { weight: 1, arbitrary: expire }),
      grouping(BY_ROUTE),
      fc.constantFrom(...ZONES),
      fc.tuple(quarter, quarter),
      async (path, groupBy, timezone, ends) => {
        const { ledger, kept } = await walk(path, { shards: 1, retentionDays: 30 })
        const [from = 0, to = 0] = ends.toSorted((left, right) => left - right)
        const rows = await ledger.usage({ tenant: undefined }, { from, to, groupBy, timezone })
        const inside = kept.filter((record) => record.startedAt >= from && record.startedAt < to)
        expect(plain(rows)).toEqual(sumsByHand(inside, groupBy, timezone))
      },
    ),
    { numRuns: 80 },
  )
})

/** Goes the steps. Returns the ledger that is there at the end, and each receipt once. */
async function walk(
  path: readonly Step[],
  options: { readonly shards: number; readonly retentionDays: number },
) {
  const databases = new Map<string, SqlDatabase>()
  const open = async (name: string) => {
    const database = databases.get(name) ?? (await openSqliteDatabase(':memory:'))
    databases.set(name, database)
    return database
  }
  let now = FROM
  const start = () => createMemoryLedger({ ...options, open, now: () => now })
  let ledger = await start()
  const kept: ReceiptRecord[] = []
  /** What is archived can no longer be told from what is new. */
  let known: ReceiptRecord[] = []
  for (const step of path) {
    if (step.kind === 'append') {
      await ledger.append(step.record)
      kept.push(step.record)
      known.push(step.record)
    } else if (step.kind === 'again') {
      const record = known[step.index % known.length]
      if (record !== undefined) await ledger.append({ ...record, costNanoUsd: 1 })
    } else if (step.kind === 'restart') ledger = await start()
    else {
      now = step.at
      await ledger.tend()
      if (now > TO + 30 * DAY_MS) known = []
    }
  }
  return { ledger, kept }
}

type PlainRow = Readonly<Record<string, unknown>>

function plain(
  rows: readonly { readonly group: object; readonly totals: UsageTotals }[],
): readonly PlainRow[] {
  return rows
    .map(({ group, totals: { latency, firstContent, ...counts } }) => ({
      group: JSON.stringify(group),
      ...counts,
      latency: latency.reduce((sum, each) => sum + each, 0),
      firstContent: firstContent.reduce((sum, each) => sum + each, 0),
    }))
    .toSorted(byGroup)
}

function byGroup(left: { readonly group: string }, right: { readonly group: string }): number {
  return left.group < right.group ? -1 : 1
}

/** The same sums, each from its receipts alone. */
function sumsByHand(records: readonly ReceiptRecord[], groupBy: readonly Grouping[], timezone: string) {
  const name = (record: ReceiptRecord) =>
    JSON.stringify(
      Object.fromEntries(groupBy.map((each) => [each, groupValue(record, each, groupBy, timezone)])),
    )
  const groups = new Map<string, ReceiptRecord[]>(groupBy.length === 0 ? [['{}', []]] : [])
  for (const record of records) groups.set(name(record), [...(groups.get(name(record)) ?? []), record])
  return [...groups].map(([group, members]) => ({ group, ...totalsByHand(members) })).toSorted(byGroup)
}

function totalsByHand(records: readonly ReceiptRecord[]) {
  const count = (holds: (record: ReceiptRecord) => boolean) => records.filter(holds).length
  const sum = (read: (record: ReceiptRecord) => number | null | undefined) =>
    Number(records.reduce((total, record) => total + BigInt(read(record) ?? 0), 0n))
  const isUnpriced = ({ tokens, costNanoUsd, baselineNanoUsd, savedNanoUsd }: ReceiptRecord) =>
    costNanoUsd === null || (tokens !== null && [baselineNanoUsd, savedNanoUsd].includes(null))
  const money = (read: (record: ReceiptRecord) => number | null) =>
    sum((record) => (isUnpriced(record) ? 0 : read(record)))
  const causes = [...new Set(records.flatMap(({ fallback }) => (fallback === null ? [] : [fallback])))]
  return {
    requests: records.length,
    completed: count(({ outcome }) => outcome === 'completed'),
    refused: count(({ outcome }) => outcome === 'refused'),
    failed: count(({ outcome }) => outcome === 'failed'),
    broken: count(({ outcome }) => outcome === 'broken'),
    cancelled: count(({ outcome }) => outcome === 'cancelled'),
    inputTokens: sum(({ tokens }) => tokens?.input),
    outputTokens: sum(({ tokens }) => tokens?.output),
    cacheWriteTokens: sum(({ tokens }) => tokens?.cacheWrite),
    cacheReadTokens: sum(({ tokens }) => tokens?.cacheRead),
    reasoningTokens: sum(({ tokens }) => tokens?.reasoning),
    costNanoUsd: money(({ costNanoUsd }) => costNanoUsd),
    baselineNanoUsd: money(({ baselineNanoUsd }) => baselineNanoUsd),
    savedNanoUsd: money(({ savedNanoUsd }) => savedNanoUsd),
    unpriced: count(isUnpriced),
    cacheHits: count(({ cache }) => cache === 'hit'),
    identified: count(({ user }) => user !== null),
    budgetCheaper: count(({ budget }) => budget === 'cheaper'),
    budgetLocal: count(({ budget }) => budget === 'local'),
    budgetRefused: count(({ budget }) => budget === 'refused'),
    fallbacks: Object.fromEntries(
      causes.map((cause) => [cause, count(({ fallback }) => fallback === cause)]),
    ),
    // Rows of a batch, whose time nobody measured, say 0.
    latency: count(({ surface }) => surface !== 'batches'),
    firstContent: count(({ firstContentMs }) => firstContentMs !== null),
  }
}

function groupValue(
  record: ReceiptRecord,
  name: Grouping,
  groupBy: readonly Grouping[],
  timezone: string,
): string | null {
  if (name !== 'day' && name !== 'hour') return record[name]
  const zone = groupBy.includes('user') ? 'UTC' : timezone
  const [day, hour, offset] = wallClock(record.startedAt, zone)
  return name === 'day' ? day : `${day}T${hour}:00${offset}`
}

/** By another way than the ledger's: Swedish dates are ISO's. */
function wallClock(at: number, timezone: string): readonly [day: string, hour: string, offset: string] {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(at)
  const zone = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value
  const offset = zone === 'GMT' ? '+00:00' : (zone ?? '').replace('GMT', '')
  return [text.slice(0, 10), text.slice(11, 13), offset]
}
