/**
 * A batch's results on their way to the client: bytes as they come and as fast as they are read, and beside them a receipt
 * for every row. A ledger that fails delays and breaks nothing: what it lacks it gets when the results are fetched again.
 */
import { causeName, RouterError } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { PriceList } from '../ledger/prices.ts'
import type { ReceiptRecord } from '../ledger/receipt-record.ts'
import type { WaitUntil } from '../request.ts'
import type { BatchBook, BatchUse, BoundBatch } from './batch-book.ts'
import { createResultReader, type ResultRow } from './result-rows.ts'
import { rowReceipt } from './row-receipt.ts'

/** Receipts of one call: a Worker's request may make so many calls only. */
const ROWS_PER_CALL = 500

export type ResultsDependencies = {
  readonly book: Pick<BatchBook, 'settle'>
  /** Undefined where no receipts are kept. */
  readonly ledger: Pick<Ledger, 'appendAll'> | undefined
  readonly prices: PriceList
  readonly log: Log
}

export type RowCounter = {
  /** Counts the rows that end in these bytes. Waits for a ledger that is behind, never throws. */
  readonly push: (bytes: Uint8Array) => Promise<void>
  /** Nothing more comes. `whole`: because what came has ended by itself. Never throws. */
  readonly end: (whole: boolean) => Promise<void>
}

/**
 * Returns what counts the rows of one answer.
 * @param at when the results were fetched first, ms
 */
export function createRowCounter(
  { book, ledger, prices, log }: ResultsDependencies,
  batch: BoundBatch & { readonly tenant: string },
  at: number,
): RowCounter {
  const reader = createResultReader()
  let rows: ResultRow[] = []
  let used = { tokens: 0, nanoUsd: 0 }
  let unpriced = 0
  let count = 0
  let failed = false
  const complain = (error: unknown) => {
    failed = true
    log('[Router] Receipts of a batch cannot be kept', { batch: batch.id, name: causeName(error) }, 'error')
  }
  const flush = async () => {
    const some = rows
    rows = []
    if (some.length === 0) return
    try {
      const records = await Promise.all(some.map((row) => rowReceipt(row, batch, at, prices)))
      count += records.length
      used = records.reduce(plus, used)
      unpriced += records.filter(({ costNanoUsd }) => costNanoUsd === null).length
      await ledger?.appendAll(records)
    } catch (error) {
      complain(error)
    }
  }
  return {
    async push(bytes) {
      rows.push(...reader.push(bytes))
      if (rows.length >= ROWS_PER_CALL) await flush()
    },
    async end(whole) {
      // A row without its end has not come: only the last one may lack its line break.
      if (whole) rows.push(...reader.end())
      await flush()
      const unread = reader.unread()
      // What ends in good order need not be all of it, or of it at all: what is missing is counted when it comes.
      const final = whole && reader.foreign() === 0 && count + unread >= batch.requests
      const missing = Math.max(unread, batch.requests - count)
      const fields = { batch: batch.id, tenant: batch.tenant, rows: count, unread, missing, all: final }
      log('[Router] Batch results', fields, unread > 0 || (whole && !final) ? 'error' : 'info')
      const tells = whole && (final || count > 0)
      if (!tells || failed) return
      const unknown = { tokens: missing, nanoUsd: missing + unpriced }
      await book.settle(batch.tenant, batch.id, { used, unknown, final }).catch(complain)
    },
  }
}

/** Returns the bytes of `source`, each counted when it has been handed on. */
export function countedBody(
  source: ReadableStream<Uint8Array>,
  read: (
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ) => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>,
  counter: RowCounter | undefined,
  waitUntil: WaitUntil,
  close: () => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let ended = false
  const end = (whole: boolean) => {
    if (ended) return
    ended = true
    if (!whole) {
      reader.cancel().catch(() => {})
      close()
    }
    if (counter !== undefined) waitUntil(counter.end(whole))
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await read(reader)
          if (done || value === undefined) {
            end(true)
            controller.close()
            return
          }
          controller.enqueue(value)
          await counter?.push(value)
        } catch (error) {
          end(false)
          // Rows may be missing: the connection breaks, so that nobody takes it for the end.
          throw RouterError.from(error)
        }
      },
      cancel: () => end(false),
    },
    { highWaterMark: 0 },
  )
}

function plus({ tokens, nanoUsd }: BatchUse['used'], record: ReceiptRecord): BatchUse['used'] {
  const { tokens: kinds, costNanoUsd } = record
  const all = kinds === null ? 0 : kinds.input + kinds.output + kinds.cacheWrite + kinds.cacheRead
  return { tokens: tokens + all, nanoUsd: nanoUsd + (costNanoUsd ?? 0) }
}
