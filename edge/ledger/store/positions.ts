/**
 * Positions of receipts in their table: time and a counter in one whole number, so that the primary key is the only
 * index that is needed.
 */

/** Receipts that one object can keep of one millisecond. Times up to the year 2248 stay safe integers. */
export const POSITIONS_PER_MS = 1_024

/** Returns the first position of a millisecond, in milliseconds since the epoch. */
export function firstPosition(at: number): number {
  return Math.ceil(at) * POSITIONS_PER_MS
}

/** Returns the time of a position, milliseconds since the epoch. */
export function timeOfPosition(position: number): number {
  return Math.floor(position / POSITIONS_PER_MS)
}
