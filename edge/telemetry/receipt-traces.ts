/**
 * Exports requests that have ended as spans: where each belongs (`trace-context.ts`), what it says (`gen-ai-span.ts`), how
 * it is sent (`span-exporter.ts`). Requests whose clients want no trace recorded are left out.
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { ReceiptRecord } from '../ledger/receipt-record.ts'
import type { Exchange } from '../ledger/record-receipt.ts'
import type { Fetch } from '../providers/provider.ts'
import type { TracesConfig } from '../settings/tools-settings.ts'
import { VERSION } from '../version.ts'
import { genAiSpan, type ServerAddress } from './gen-ai-span.ts'
import { createSpanExporter } from './span-exporter.ts'
import { traceContextOf } from './trace-context.ts'

/** Sends what becomes of a record beside the response. Never throws, never waits. */
export type ExportReceipt = (record: ReceiptRecord, exchange: Exchange) => void

export type ReceiptTracesOptions = TracesConfig & {
  /** Claude's address, as set. */
  readonly claudeUrl: string
  readonly fetch: Fetch
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

const SCOPE = { name: 'ulfberht-router', version: VERSION }
/** Clients that name their conversation, the router's own header first. */
const CONVERSATION_HEADERS = ['x-router-session', 'x-claude-code-session-id'] as const

/** Returns the exporter of one isolate. */
export function createReceiptTraces(options: ReceiptTracesOptions): ExportReceipt {
  const { url, headers, serviceName, claudeUrl, fetch, log, now, random } = options
  const claudeServer = serverAddress(claudeUrl)
  const resource = { 'service.name': serviceName, 'service.version': VERSION }
  const send = createSpanExporter({ url, headers, resource, scope: SCOPE, fetch, log, now })
  return (record, { request, answer }) => {
    const trace = traceContextOf(request.passHeaders, random)
    if (!trace.sampled) return
    try {
      const conversationId = CONVERSATION_HEADERS.map((name) => request.header(name)?.trim()).find(Boolean)
      const span = genAiSpan({
        record,
        request: { view: request.view ?? {}, conversationId },
        answer: { id: answer?.id, stopReason: answer?.stop_reason ?? undefined },
        trace,
        claudeServer,
      })
      send(span, request.waitUntil)
    } catch (error) {
      // The receipt is kept whatever becomes of its span.
      log('[Router] A span cannot be made', { requestId: record.id, name: causeName(error) }, 'error')
    }
  }
}

function serverAddress(url: string): ServerAddress {
  const { hostname, port, protocol } = new URL(url)
  return { address: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}
