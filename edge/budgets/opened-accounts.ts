/**
 * Accounts that begin with what their tenants and users have spent already: who was never counted before begins with the receipts
 * of the day and the month. What is counted from then on is the account's own affair.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Accounts, Amount, LimitsQuestion } from './accounts.ts'
import { calendarWindow } from './calendar.ts'

export type OpenedAccountsOptions = {
  readonly accounts: Accounts
  readonly ledger: Pick<Ledger, 'usage'>
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A tenant, or one of its users. */
type Subject = { readonly tenant: string; readonly user: string | undefined; readonly timezone: string }

/** Of the time that the gate waits for an account; what is read later than that counts from the next request on. */
const LONGEST_WAIT_MS = 500
/** Where receipts cannot be read they are not asked for with every request. */
const RETRY_MS = 10_000
/** Of tenants and users; beyond it the oldest is asked about again. */
const MOST_KNOWN = 10_000

/** Returns the accounts, each opened before it is asked for the first time. */
export function createOpenedAccounts({ accounts, ledger, log, now }: OpenedAccountsOptions): Accounts {
  /** When each may be tried next. */
  const known = new Map<string, number>()
  const open = async (name: string, { tenant, user, timezone }: Subject): Promise<void> => {
    try {
      const since = await accounts.opening(tenant, user)
      if (since !== undefined) {
        const [day, month] = await Promise.all([
          spent(ledger, { tenant, user }, calendarWindow('day', since, timezone).start, since),
          spent(ledger, { tenant, user }, calendarWindow('month', since, timezone).start, since),
        ])
        await accounts.open(tenant, { user, since, day, month, timezone })
      }
      known.set(name, Number.POSITIVE_INFINITY)
    } catch (error) {
      log('[Router] What was spent before a limit cannot be read', { name: causeName(error) }, 'error')
    }
  }
  /** Requests that come meanwhile are not held up: no request waits for the work of another. */
  const opened = async (tenant: string, { limits, user }: LimitsQuestion): Promise<void> => {
    const { timezone } = limits
    const subjects: Subject[] = [{ tenant, user: undefined, timezone }]
    if (limits.user !== undefined && user !== undefined) subjects.push({ tenant, user, timezone })
    const opening = subjects.flatMap((subject) => {
      const name = JSON.stringify([tenant, subject.user])
      if ((known.get(name) ?? 0) > now()) return []
      const [oldest] = known.keys()
      if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest)
      known.set(name, now() + RETRY_MS)
      return [open(name, subject)]
    })
    if (opening.length > 0) await settledWithin(Promise.all(opening), LONGEST_WAIT_MS)
  }
  return {
    ...accounts,
    async reserve(tenant, reservation) {
      await opened(tenant, reservation)
      return accounts.reserve(tenant, reservation)
    },
    async use(tenant, question) {
      await opened(tenant, question)
      return accounts.use(tenant, question)
    },
  }
}

/** Returns what the receipts from `from` on and before `to` tell of, ms. */
async function spent(
  ledger: Pick<Ledger, 'usage'>,
  { tenant, user }: Pick<Subject, 'tenant' | 'user'>,
  from: number,
  to: number,
): Promise<Amount> {
  const [row] = await ledger.usage({ tenant }, { from, to, user, groupBy: [], timezone: 'UTC' })
  if (row === undefined) return { tokens: 0, nanoUsd: 0 }
  const { inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens, costNanoUsd } = row.totals
  return { tokens: inputTokens + outputTokens + cacheWriteTokens + cacheReadTokens, nanoUsd: costNanoUsd }
}
