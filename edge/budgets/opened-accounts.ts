/**
 * Accounts that begin with what their tenants have spent already: an account that was never asked before counts the receipts of
 * its day and month. What is counted from then on is the account's own affair.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Accounts, Amount } from './accounts.ts'
import { calendarWindow } from './calendar.ts'

export type OpenedAccountsOptions = {
  readonly accounts: Accounts
  readonly ledger: Pick<Ledger, 'usage'>
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Of the time that the gate waits for an account; what is read later than that counts from the next request on. */
const LONGEST_WAIT_MS = 500
/** Where receipts cannot be read they are not asked for with every request. */
const RETRY_MS = 10_000
/** Beyond it the oldest account is asked again whether it is open. */
const MOST_KNOWN = 10_000

/** Returns the accounts, each opened before it is asked for the first time. */
export function createOpenedAccounts({ accounts, ledger, log, now }: OpenedAccountsOptions): Accounts {
  /** When each account may be tried next. */
  const known = new Map<string, number>()
  const open = async (tenant: string, timezone: string): Promise<void> => {
    try {
      const since = await accounts.opening(tenant)
      if (since !== undefined) {
        const [day, month] = await Promise.all([
          spent(ledger, tenant, calendarWindow('day', since, timezone).start, since),
          spent(ledger, tenant, calendarWindow('month', since, timezone).start, since),
        ])
        await accounts.open(tenant, { since, day, month, timezone })
      }
      known.set(tenant, Number.POSITIVE_INFINITY)
    } catch (error) {
      log('[Router] What was spent before a limit cannot be read', { name: causeName(error) }, 'error')
    }
  }
  /** Requests that come meanwhile are not held up: no request waits for the work of another. */
  const opened = async (tenant: string, timezone: string): Promise<void> => {
    if ((known.get(tenant) ?? 0) > now()) return
    const [oldest] = known.keys()
    if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest)
    known.set(tenant, now() + RETRY_MS)
    await settledWithin(open(tenant, timezone), LONGEST_WAIT_MS)
  }
  return {
    ...accounts,
    async reserve(tenant, reservation) {
      await opened(tenant, reservation.limits.timezone)
      return accounts.reserve(tenant, reservation)
    },
    async use(tenant, question) {
      await opened(tenant, question.limits.timezone)
      return accounts.use(tenant, question)
    },
  }
}

/** Returns what the receipts from `from` on and before `to` tell of, ms. */
async function spent(
  ledger: Pick<Ledger, 'usage'>,
  tenant: string,
  from: number,
  to: number,
): Promise<Amount> {
  const [row] = await ledger.usage({ tenant }, { from, to, groupBy: [], timezone: 'UTC' })
  if (row === undefined) return { tokens: 0, nanoUsd: 0 }
  const { inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens, costNanoUsd } = row.totals
  return { tokens: inputTokens + outputTokens + cacheWriteTokens + cacheReadTokens, nanoUsd: costNanoUsd }
}
