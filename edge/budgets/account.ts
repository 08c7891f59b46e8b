/**
 * The account of one tenant on SQL: lets requests in, reserves the most they can take and settles what they took. Its
 * database holds no other tenant. What is counted how stands in `caps.ts`, `request-rate.ts` and `use-windows.ts`.
 */

import type { SqlDatabase } from '../storage/sql-database.ts'
import { openAccount, openingOf } from './account-opening.ts'
import {
  deleteLease,
  findLease,
  forgetUsers,
  type Lease,
  readUse,
  subjectOf,
  TENANT,
  writeLease,
  writeUse,
} from './account-rows.ts'
import type {
  EarlierSpending,
  LimitsQuestion,
  LimitUse,
  Reservation,
  ReservationResult,
  Settlement,
  SettlementResult,
} from './accounts.ts'
import { charge, correct, countable, letIn, release } from './bookings.ts'
import { brokenCaps, type Counter, capUses, newlyReached } from './caps.ts'
import { CAPS, type EffectiveLimits } from './effective-limits.ts'
import { createExpiredLeases, type ExpiredLeases } from './expired-leases.ts'
import type { Limit } from './limits.ts'
import { requestRate } from './request-rate.ts'
import { inPresentWindows } from './use-windows.ts'

export type Account = {
  readonly reserve: (reservation: Reservation) => ReservationResult
  readonly settle: (settlement: Settlement) => SettlementResult
  readonly use: (question: LimitsQuestion) => readonly LimitUse[]
  readonly opening: (user: string | undefined) => number | undefined
  readonly open: (earlier: EarlierSpending) => void
}

const ONE_SECOND_MS = 1_000

/**
 * Returns the account in a database whose tables are there.
 * @param now milliseconds since the epoch
 */
export function createAccount(database: SqlDatabase, now: () => number): Account {
  let timezone = 'UTC'
  const expiry = createExpiredLeases(database, (lease, at) => bookLease(database, lease, timezone, at))
  /** What has expired is booked first, and all of it together or nothing. */
  const inTransaction = <T>(limits: EffectiveLimits, work: (at: number) => T): T => {
    timezone = limits.timezone
    const at = Math.floor(now())
    try {
      return database.transaction(() => {
        expiry.book(at)
        return work(at)
      })
    } catch (error) {
      expiry.failed()
      throw error
    }
  }
  return {
    reserve: (reservation) =>
      inTransaction(reservation.limits, (at) => reserve(database, reservation, at, expiry)),
    settle: (settlement) => inTransaction(settlement.limits, (at) => settle(database, settlement, at)),
    use: (question) =>
      inTransaction(question.limits, (at) =>
        countersOf(database, question, at).flatMap((counter) => usesOf(counter, at)),
      ),
    opening: (user) => openingOf(database, user, Math.floor(now())),
    open: (earlier) => openAccount(database, earlier, Math.floor(now())),
  }
}

function reserve(
  database: SqlDatabase,
  reservation: Reservation,
  now: number,
  expiry: Pick<ExpiredLeases, 'made'>,
): ReservationResult {
  const { id, user, limits, planned, bent, leaseMs } = reservation
  const counters = countersOf(database, reservation, now)
  // Whoever asks twice because the first answer was lost is one request.
  const isKnown = findLease(database, id) !== undefined
  const closed = isKnown ? [] : counters.flatMap((counter) => closedRates(counter, now))
  const broken = isKnown ? [] : counters.flatMap((counter) => brokenCaps(counter, planned))
  if (closed.length > 0 || (broken.length > 0 && bent === null))
    return {
      admission: 'refused',
      cause: lastToOpen(closed.length > 0 ? closed : broken),
      uses: counters.flatMap((counter) => usesOf(counter, now)),
      reached: [],
      leased: false,
    }

  const amount = countable(broken.length > 0 && bent !== null ? bent : planned)
  const leased = leaseMs > 0 && counters.some(({ limit }) => needsLease(limit))
  if (leased && !isKnown) {
    const counted = limits.user === undefined ? null : (user ?? null)
    const lease = { id, user: counted, ...amount, expiresAt: now + Math.ceil(leaseMs) }
    writeLease(database, { ...lease, bookedAt: null, day: 0, month: 0 })
    expiry.made(lease.expiresAt)
  }
  const written = counters.map((counter) => {
    const row = isKnown ? counter.row : letIn(counter, leased ? amount : undefined, now)
    const told = newlyReached({ ...counter, row })
    writeUse(database, told.row)
    return { uses: usesOf({ ...counter, row: told.row }, now), reached: told.reached }
  })
  for (const { isNewMonth, row } of counters.slice(0, 1))
    if (isNewMonth) forgetUsers(database, row.month, now)
  return {
    admission: broken.length > 0 ? 'bent' : 'admitted',
    cause: lastToOpen(broken),
    uses: written.flatMap(({ uses }) => uses),
    reached: written.flatMap(({ reached }) => reached),
    leased,
  }
}

function settle(database: SqlDatabase, { id, limits, used }: Settlement, now: number): SettlementResult {
  const lease = findLease(database, id)
  if (lease === undefined) return { settled: false, reached: [] }
  const amount = countable({ tokens: used.tokens ?? lease.tokens, nanoUsd: used.nanoUsd ?? lease.nanoUsd })
  const reached = subjectsOf(lease).flatMap(({ scope, subject }) => {
    const { row: before, windows } = presentRow(database, subject, limits.timezone, now)
    const row =
      lease.bookedAt === null ? charge(release(before, lease), amount) : correct(before, lease, amount)
    const told = newlyReached({ scope, limit: limits[scope] ?? {}, row, windows })
    writeUse(database, told.row)
    return told.reached
  })
  deleteLease(database, id)
  return { settled: true, reached }
}

/** What nobody has settled in time counts as used: it may have been paid for. The request is no longer on its way. */
function bookLease(database: SqlDatabase, lease: Lease, timezone: string, now: number): void {
  const rows = subjectsOf(lease).map(({ subject }) => {
    const row = charge(release(presentRow(database, subject, timezone, now).row, lease), lease)
    writeUse(database, row)
    return row
  })
  writeLease(database, { ...lease, bookedAt: now, day: rows[0]?.day ?? 0, month: rows[0]?.month ?? 0 })
}

type PresentCounter = Counter & { readonly isNewMonth: boolean }

/** The tenant is counted whatever is limited, and first. */
function countersOf(database: SqlDatabase, { limits, user }: LimitsQuestion, now: number): PresentCounter[] {
  const { tenant = {}, user: ofUser, timezone } = limits
  const counter = (scope: Counter['scope'], limit: Limit, subject: string): PresentCounter => ({
    scope,
    limit,
    ...presentRow(database, subject, timezone, now),
  })
  const first = counter('tenant', tenant, TENANT)
  return ofUser === undefined || user === undefined
    ? [first]
    : [first, counter('user', ofUser, subjectOf(user))]
}

function presentRow(database: SqlDatabase, subject: string, timezone: string, now: number) {
  return inPresentWindows(readUse(database, subject), now, timezone)
}

function subjectsOf({
  user,
}: Lease): readonly { readonly scope: Counter['scope']; readonly subject: string }[] {
  const tenant = { scope: 'tenant', subject: TENANT } as const
  return user === null ? [tenant] : [tenant, { scope: 'user', subject: subjectOf(user) }]
}

function usesOf(counter: Counter, now: number): LimitUse[] {
  return [...rateUses(counter, now), ...capUses(counter)]
}

function closedRates(counter: Counter, now: number): LimitUse[] {
  return rateUses(counter, now).filter(({ used, hard }) => used >= hard)
}

function rateUses({ scope, limit, row }: Counter, now: number): LimitUse[] {
  const { requestsPerMinute: perMinute, concurrent } = limit
  const uses: LimitUse[] = []
  if (perMinute !== undefined) {
    const { remaining, opensAt, fullAt } = requestRate(row.fullAt, perMinute, now)
    const used = perMinute - remaining
    uses.push({
      scope,
      limit: 'requestsPerMinute',
      hard: perMinute,
      used,
      reserved: 0,
      opensAt: Math.ceil(opensAt),
      resetsAt: Math.ceil(fullAt),
    })
  }
  if (concurrent !== undefined) {
    // Nobody knows when a request ends; a second is as good a guess as any.
    const opensAt = row.inFlight >= concurrent ? now + ONE_SECOND_MS : now
    const counted = { hard: concurrent, used: row.inFlight, reserved: 0 }
    uses.push({ scope, limit: 'concurrent', ...counted, opensAt, resetsAt: opensAt })
  }
  return uses
}

function lastToOpen(uses: readonly LimitUse[]): LimitUse | undefined {
  return uses.toSorted((one, other) => other.opensAt - one.opensAt)[0]
}

function needsLease(limit: Limit): boolean {
  return limit.concurrent !== undefined || CAPS.some((cap) => limit[cap] !== undefined)
}
