/**
 * Whether writing a prefix to Claude's prompt cache pays, kept as one number for each prefix: what marking every request with it
 * would have brought so far, in shares of what the prefix costs. Pure; knows no clock and no request.
 */

/** A read costs a tenth of plain input (a twentieth for some models), a write for five minutes a quarter more. */
export const READ_SAVES = 0.9
export const WRITE_COSTS = 0.25

/** So many writes may stay unread before a prefix that paid stops being written: four. */
const MOST = 1
/** So many quick returns it takes until a prefix that never came back is written: three. */
const FLOOR = -2
/** After each stop the way back takes twice as long, up to about thirty-six returns. */
const LOWEST_FLOOR = -32
/** Reads in a row that should have been and were none, after which what the clock says is not believed. */
const MOST_MISSES = 2

export type Worth = {
  readonly account: number
  readonly floor: number
  /** Reads that should have been and were none, in a row. */
  readonly misses: number
}

/** Returns the beginning: nothing is known, or so much in advance. */
export function startingWorth(account = 0): Worth {
  return { account, floor: FLOOR, misses: 0 }
}

/** Says whether to mark: what is known speaks for it. */
export function pays({ account }: Worth): boolean {
  return account > 0
}

/** The prefix came again while a cache of it would have lived. */
export function cameAgain(worth: Worth): Worth {
  return { ...worth, account: Math.min(MOST, worth.account + READ_SAVES) }
}

/** It did not: what was written, or would have been, was not read. */
export function stayedAway(worth: Worth): Worth {
  return { ...worth, account: Math.max(worth.floor, worth.account - WRITE_COSTS) }
}

/** Claude's usage tells of a read: what the clock says may be believed. */
export function wasRead(worth: Worth): Worth {
  return { ...worth, floor: FLOOR, misses: 0 }
}

/** It came again in time, was marked both times, and was written anew all the same. */
export function wasMissed({ account, floor, misses }: Worth): Worth {
  if (misses + 1 < MOST_MISSES)
    return { account: Math.max(floor, account - READ_SAVES - WRITE_COSTS), floor, misses: misses + 1 }
  const lower = Math.max(LOWEST_FLOOR, floor * 2)
  return { account: lower, floor: lower, misses: 0 }
}
