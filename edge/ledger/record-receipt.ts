/**
 * What is done with the receipt of a request that has ended: its log line at once, then, beside the response, whatever
 * keeps it. Knows no store; one that fails is a log line, never a failed request.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { Message } from '../../shared/messages.ts'
import type { KnownClients } from '../known-clients.ts'
import type { RouterRequest } from '../request.ts'
import { type ContentSettings, contentToKeep } from './content.ts'
import type { Ledger } from './ledger.ts'
import { logLine } from './log-line.ts'
import { projectReceipt } from './project-receipt.ts'
import type { Receipt } from './receipt.ts'
import type { ReceiptRecord } from './receipt-record.ts'

/** What the receipt is of: the request, and the answer as far as it came. */
export type Exchange = {
  readonly request: Pick<RouterRequest, 'waitUntil' | 'header' | 'passHeaders'> & {
    /** Undefined where the request could not be read. */
    readonly view: RouterRequest['view'] | undefined
  }
  readonly answer: Message | undefined
}

/** Gets the receipt of each request, once, when it has ended. */
export type RecordReceipt = (receipt: Receipt, exchange: Exchange) => void

export type ReceiptRecorderOptions = {
  readonly log: Log
  /** Undefined where nothing is kept. */
  readonly ledger: Pick<Ledger, 'append' | 'appendLater'> | undefined
  /** Gives the record to other tools as well. Never throws, never waits. */
  readonly exportReceipt?: ((record: ReceiptRecord, exchange: Exchange) => void) | undefined
  /** Under whose name receipts of clients are kept that are known by their own key only. */
  readonly clients: Pick<KnownClients, 'keptAs'>
  /** Whether prompts and answers are kept as well. */
  readonly content: ContentSettings
}

/** Returns the recorder. */
export function createReceiptRecorder(options: ReceiptRecorderOptions): RecordReceipt {
  const { log, ledger, exportReceipt, clients, content } = options
  const withContent = (record: ReceiptRecord, receipt: Receipt, { request, answer }: Exchange) => {
    const said = request.view && contentToKeep(content, receipt, request.view, answer)
    return said === undefined ? record : { ...record, content: said }
  }
  const keptRecord = (record: ReceiptRecord) => ({ ...record, tenant: clients.keptAs(record.tenant) })
  const lost = (receipt: Receipt, error: unknown) => {
    const fields = { requestId: receipt.requestId, name: causeName(error) }
    log('[Router] The receipt cannot be kept', fields, 'error')
  }
  const keepBesideExport = async (receipt: Receipt, exchange: Exchange): Promise<void> => {
    // The response goes out first: what follows computes for longer than all that came before.
    await nextTask()
    const record = projectReceipt(receipt)
    const whole = withContent(record, receipt, exchange)
    // What is kept for training is for nobody else.
    exportReceipt?.(content.log === 'off' ? record : whole, exchange)
    if (ledger?.appendLater === undefined) await ledger?.append(keptRecord(whole))
    else
      await ledger.appendLater(
        () => keptRecord(whole),
        (error) => lost(receipt, error),
      )
  }
  return (receipt, exchange) => {
    const { message, fields } = logLine(receipt)
    log(message, fields)
    if (ledger === undefined && exportReceipt === undefined) return
    const { waitUntil } = exchange.request
    if (exportReceipt !== undefined || ledger?.appendLater === undefined) {
      waitUntil(keepBesideExport(receipt, exchange).catch((error: unknown) => lost(receipt, error)))
      return
    }
    const kept = ledger.appendLater(
      () => keptRecord(withContent(projectReceipt(receipt), receipt, exchange)),
      (error) => lost(receipt, error),
    )
    if (kept !== undefined) waitUntil(kept)
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
