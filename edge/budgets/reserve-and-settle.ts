/**
 * The two words that are exchanged with an account, as whoever asks for a request or a batch says them: reserved within a second
 * or not at all, settled once however often it is said. What follows from the answers is not known here.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { WaitUntil } from '../request.ts'
import type { Accounts, Reservation, ReservationResult, Settlement, SettlementResult } from './accounts.ts'

export type AskedAccount = {
  readonly accounts: Pick<Accounts, 'reserve' | 'settle'>
  /** The account's name, the same before and after, whatever is learned of the tenant meanwhile. */
  readonly account: string
  readonly waitUntil: WaitUntil
  readonly log: Log
}

/** The account is asked on the path of the request. */
const LONGEST_WAIT_MS = 1_000

/** Returns the account's answer, or why there is none. Never throws. */
export async function reserveInTime(
  { accounts, account, waitUntil, log }: AskedAccount,
  reservation: Reservation,
): Promise<ReservationResult | { readonly trouble: unknown }> {
  const { id, limits } = reservation
  try {
    const pending = accounts.reserve(account, reservation)
    const result = await settledWithin(pending, LONGEST_WAIT_MS)
    if (result !== undefined) return result
    // What is reserved after all is given back: nobody will settle it.
    const release = async () => {
      if ((await pending).leased)
        await accounts.settle(account, { id, limits, used: { tokens: 0, nanoUsd: 0 } })
    }
    waitUntil(release().catch(() => {}))
    throw new Error('timeout')
  } catch (trouble) {
    const fields = { requestId: id, name: causeName(trouble) }
    log('[Router] The account of limits cannot be asked', fields, 'error')
    return { trouble }
  }
}

/** Settles, and asks again where no answer came: settling twice changes nothing. @throws if there is none then either */
export function settleSurely(
  { accounts, account }: Pick<AskedAccount, 'accounts' | 'account'>,
  settlement: Settlement,
): Promise<SettlementResult> {
  const once = () => accounts.settle(account, settlement)
  return once().catch(once)
}
