/**
 * Where a receipt belongs: to an object of its tenant, its month (UTC) and a shard. Names of objects are made here and
 * nowhere else. Keeps nothing.
 */
import type { ReceiptRecord } from './receipt-record.ts'
import { timeOfRequestId } from './request-id.ts'

export type Place = {
  readonly tenant: string
  /** 2026-11, by UTC. */
  readonly month: string
  /** From 0. */
  readonly shard: number
}

/** Returns the time by which a receipt is kept, ms: its id's, because it is looked for by that. */
export function placedAt({ id, startedAt }: Pick<ReceiptRecord, 'id' | 'startedAt'>): number {
  return timeOfRequestId(id) ?? startedAt
}

/** Returns the month of a time in milliseconds since the epoch. */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, -'-01T00:00:00.000Z'.length)
}

/** Returns when a month begins and when the next one does, milliseconds since the epoch. */
export function boundsOfMonth(month: string): { readonly from: number; readonly to: number } {
  const start = new Date(`${month}-01T00:00:00.000Z`)
  return { from: start.getTime(), to: Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1) }
}

/** Returns which of `shards` objects takes a request; the same for the same id. */
export function shardOf(id: string, shards: number): number {
  if (shards === 1) return 0
  // FNV-1a: ids are random, but tests and programs may bring their own.
  let hash = 0x811c9dc5
  for (const unit of id) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193)
  return (hash >>> 0) % shards
}

/** The tenant stands last, where no sign in it can be taken for another part. */
export function receiptsObjectName({ tenant, month, shard }: Place): string {
  return `${month}:${shard}:${tenant}`
}
