/**
 * What the container cost in a time: its monthly rent, each month's by its own length. Pure.
 */
import { toNanoUsd } from '../../shared/money.ts'

/**
 * Returns whole nano-dollars. Months are UTC's, so that all months of a year together cost twelve rents.
 * @param usdPerMonth USD
 * @param from milliseconds since the epoch
 * @param to the same, exclusive
 */
export function rentNanoUsd(usdPerMonth: number, from: number, to: number): number {
  if (usdPerMonth === 0) return 0
  let months = 0
  for (let start = monthStart(from, 0); start < to; start = monthStart(start, 1)) {
    const end = monthStart(start, 1)
    months += Math.max(0, Math.min(to, end) - Math.max(from, start)) / (end - start)
  }
  return toNanoUsd(usdPerMonth * months)
}

function monthStart(at: number, later: number): number {
  const date = new Date(at)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1)
}
