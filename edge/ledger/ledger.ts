/**
 * The ledger as its users see it: receipts kept, found and added up. Where they are kept is the store's affair.
 */
import type { OnUnread } from './read-objects.ts'
import type { Feedback, KeptReceipt, ReceiptRecord } from './receipt-record.ts'

/** Of whom receipts are shown: one tenant's, or everybody's (undefined), which only the administrator sees. */
export type Scope = { readonly tenant: string | undefined }

/** What of a receipt may be asked for by its value: the names of columns, and of parameters. */
export const RECEIPT_CONDITIONS = [
  'user',
  'route',
  'model',
  'task',
  'outcome',
  'fallback',
  'cache',
  'budget',
  'feedback',
] as const
export type ReceiptCondition = (typeof RECEIPT_CONDITIONS)[number]

/** All conditions must hold; those left out hold always. Times in milliseconds since the epoch, `to` exclusive. */
export type ReceiptFilter = Readonly<Partial<Record<ReceiptCondition, string | undefined>>> & {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** Newest first. `cursor` continues where another page ended; null where that was the last one. */
export type ReceiptPage = { readonly receipts: readonly KeptReceipt[]; readonly cursor: string | null }

export const GROUPINGS = ['tenant', 'user', 'model', 'route', 'task', 'day', 'hour'] as const
export type Grouping = (typeof GROUPINGS)[number]
/** Those that go with end users: others would multiply their number. */
export const GROUPINGS_WITH_USER: readonly Grouping[] = ['user', 'tenant', 'day']

export type UsageQuery = {
  readonly from: number
  readonly to: number
  /** In this order; empty: one row of totals. `user` goes with `tenant` and `day` only. */
  readonly groupBy: readonly Grouping[]
  /** Only receipts of this end user; goes with groupings that go with users. */
  readonly user?: string | undefined
  /** IANA name; days and hours begin by it. Days of users are UTC's. */
  readonly timezone: string
}

/**
 * Sums over a group. Latencies as histograms (`latency.ts`): `latency[i]` requests took less than `LATENCY_BOUNDS_MS[i]` and no
 * less than the bound before; the last class, which has no bound, holds the others.
 */
export type UsageTotals = {
  readonly requests: number
  readonly completed: number
  readonly refused: number
  readonly failed: number
  readonly broken: number
  readonly cancelled: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheWriteTokens: number
  readonly cacheReadTokens: number
  readonly reasoningTokens: number
  readonly costNanoUsd: number
  readonly baselineNanoUsd: number
  readonly savedNanoUsd: number
  /** Requests whose cost or saving is not known; they are in no sum of money. */
  readonly unpriced: number
  readonly cacheHits: number
  /** Requests that named an end user. */
  readonly identified: number
  /** Requests that a reached limit sent to a cheaper model, to the local one, or away. */
  readonly budgetCheaper: number
  readonly budgetLocal: number
  readonly budgetRefused: number
  /** How many fell back, by cause. */
  readonly fallbacks: Readonly<Record<string, number>>
  readonly latency: readonly number[]
  readonly firstContent: readonly number[]
}

export type UsageRow = {
  /** By the names of `groupBy`; null where a receipt has none. Days as 2026-11-27, hours as 2026-11-27T14:00+01:00. */
  readonly group: Readonly<Partial<Record<Grouping, string | null>>>
  readonly totals: UsageTotals
}

export type Ledger = {
  /** Keeps a receipt; one that is kept already stays as it is. @throws if it cannot be kept */
  readonly append: (record: ReceiptRecord) => Promise<void>
  /** The same for many at once, with as few calls as their places allow. @throws if one cannot be kept; others may be */
  readonly appendAll: (records: readonly ReceiptRecord[]) => Promise<void>
  /**
   * Keeps a receipt of a request that has just been answered, together with those of others. It is put together when it is sent,
   * perhaps in another request. Absent where gathering saves nothing.
   * @param lose told of a receipt that cannot be kept, perhaps in another request
   * @returns what the platform must wait for before it ends the request, or undefined where others look after the receipt. Never
   * rejects
   */
  readonly appendLater?:
    | ((make: () => ReceiptRecord, lose: (error: unknown) => void) => Promise<void> | undefined)
    | undefined
  readonly find: (scope: Scope, id: string) => Promise<KeptReceipt | undefined>
  /**
   * @param onUnread told of what a page lacks; without it, and where nothing can be read, the query fails
   * @throws {RouterError} `invalid_request` for a cursor that is none of ours
   */
  readonly list: (
    scope: Scope,
    filter: ReceiptFilter,
    page: { readonly limit: number; readonly cursor?: string | undefined },
    onUnread?: OnUnread,
  ) => Promise<ReceiptPage>
  /** @param onUnread told of what the sums lack; without it, and where nothing can be read, the query fails */
  readonly usage: (scope: Scope, query: UsageQuery, onUnread?: OnUnread) => Promise<readonly UsageRow[]>
  /** Returns whether there is such a receipt. A later word replaces an earlier one. */
  readonly giveFeedback: (scope: Scope, id: string, feedback: Feedback) => Promise<boolean>
  /** Returns when the day (UTC) of the first receipt began, of whomever, ms; undefined where there never was one. */
  readonly firstDay: () => Promise<number | undefined>
  /** Tenants of whom anything is kept. */
  readonly tenants: () => Promise<readonly string[]>
}
