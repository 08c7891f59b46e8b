/**
 * Holds what an account has counted against limits of tokens and money: what is used up, what is near. Pure; knows neither
 * rates nor where anything is kept.
 */
import { toNanoUsd } from '../../shared/money.ts'
import type { UseRow } from './account-rows.ts'
import type { Amount, LimitUse } from './accounts.ts'
import { CAPS, type Cap, isCap, type LimitScope } from './effective-limits.ts'
import type { Limit } from './limits.ts'
import type { Windows } from './use-windows.ts'

type Counted = {
  readonly used: (row: UseRow) => number
  readonly reserved: (row: UseRow) => number
  readonly of: (amount: Amount) => number
  readonly window: keyof Windows
  /** In the row's `told`. */
  readonly bit: number
}

const reservedTokens = (row: UseRow) => row.reservedTokens
const reservedNanoUsd = (row: UseRow) => row.reservedNanoUsd
const tokensOf = ({ tokens }: Amount) => tokens
const nanoUsdOf = ({ nanoUsd }: Amount) => nanoUsd

const COUNTED: Readonly<Record<Cap, Counted>> = {
  tokensPerDay: {
    used: (row) => row.dayTokens,
    reserved: reservedTokens,
    of: tokensOf,
    window: 'day',
    bit: 0b0001,
  },
  usdPerDay: {
    used: (row) => row.dayNanoUsd,
    reserved: reservedNanoUsd,
    of: nanoUsdOf,
    window: 'day',
    bit: 0b0010,
  },
  tokensPerMonth: {
    used: (row) => row.monthTokens,
    reserved: reservedTokens,
    of: tokensOf,
    window: 'month',
    bit: 0b0100,
  },
  usdPerMonth: {
    used: (row) => row.monthNanoUsd,
    reserved: reservedNanoUsd,
    of: nanoUsdOf,
    window: 'month',
    bit: 0b1000,
  },
}

/** One subject's row beside its limits. */
export type Counter = {
  readonly scope: LimitScope
  readonly limit: Limit
  readonly row: UseRow
  readonly windows: Windows
}

/** Returns how far the caps are used. */
export function capUses({ scope, limit, row, windows }: Counter): LimitUse[] {
  return CAPS.flatMap((cap) => {
    const value = limit[cap]
    if (value === undefined) return []
    const counted = COUNTED[cap]
    return {
      scope,
      limit: cap,
      hard: isMoney(cap) ? toNanoUsd(value) : value,
      used: counted.used(row),
      reserved: counted.reserved(row),
      opensAt: windows[counted.window].end,
      resetsAt: windows[counted.window].end,
    }
  })
}

/** Returns the caps that this amount would break. What takes nothing breaks none, also where all is used up. */
export function brokenCaps(counter: Counter, amount: Amount): LimitUse[] {
  return capUses(counter).filter((use) => wouldBreak(use, amount))
}

/** Says whether a limit of tokens or money has no room for this amount. */
export function wouldBreak(use: LimitUse, amount: Amount): boolean {
  const asked = isCap(use.limit) ? COUNTED[use.limit].of(amount) : 0
  return asked > 0 && use.used + use.reserved + asked > use.hard
}

/** Returns the soft limits that have been reached and not been told of, and the row that remembers that they were. */
export function newlyReached(counter: Counter): { readonly row: UseRow; readonly reached: LimitUse[] } {
  const { limit, row } = counter
  const reached = capUses(counter).filter((use) => isSoftReached(use, limit) && !(row.told & bitOf(use)))
  return { row: { ...row, told: reached.reduce((told, use) => told | bitOf(use), row.told) }, reached }
}

/** Says whether a soft limit is reached by what is used; what is only reserved does not count. */
export function isSoftReached({ used, hard }: LimitUse, { softShare }: Limit): boolean {
  return softShare !== undefined && used >= hard * softShare
}

/** Says whether a limit is one of money. */
export function isMoney(limit: LimitUse['limit']): limit is 'usdPerDay' | 'usdPerMonth' {
  return limit === 'usdPerDay' || limit === 'usdPerMonth'
}

function bitOf({ limit }: LimitUse): number {
  return isCap(limit) ? COUNTED[limit].bit : 0
}
