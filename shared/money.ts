/**
 * Money as it is counted everywhere: whole billionths of a US dollar, so that sums are exact. Knows no price and writes no
 * text.
 */

export const NANO_PER_USD = 1_000_000_000

/** Returns USD, what is not known staying so. A division, so that the shortest decimal form is the exact amount. */
export function toUsd(nanoUsd: number): number
export function toUsd(nanoUsd: number | undefined): number | undefined
export function toUsd(nanoUsd: number | null): number | null
export function toUsd(nanoUsd: number | null | undefined): number | null | undefined {
  return typeof nanoUsd === 'number' ? nanoUsd / NANO_PER_USD : nanoUsd
}

/** Returns the nearest whole nano-dollars. */
export function toNanoUsd(usd: number): number {
  return Math.round(usd * NANO_PER_USD)
}
