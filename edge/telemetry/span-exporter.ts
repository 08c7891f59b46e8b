/**
 * Sends spans to an OTLP/HTTP receiver beside requests: one POST each, with a deadline and never again. A receiver that
 * fails loses spans, not requests, and is left alone for a while. Does not know what a span says (`gen-ai-span.ts`).
 */
import { causeName } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import { discardBody, type Fetch } from '../providers/provider.ts'
import type { WaitUntil } from '../request.ts'
import { type Attributes, type OtlpScope, type OtlpSpan, traceExport } from './otlp-json.ts'

export type SpanExporterOptions = {
  /** Where traces are taken, `/v1/traces` included. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly resource: Attributes
  readonly scope: OtlpScope
  readonly fetch: Fetch
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Sends a span inside `waitUntil`. Never throws. */
export type SpanExporter = (span: OtlpSpan, waitUntil: WaitUntil) => void

const TIMEOUT_MS = 5_000
/** Three in a row are no accident. */
const FAILURES_TO_PAUSE = 3
const PAUSE_MS = 30_000
const LOG_EVERY_MS = 60_000

/** Returns an exporter with the memory of one isolate. */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
  const { url, resource, scope, fetch, log, now } = options
  const headers = { ...options.headers, 'content-type': 'application/json' }
  let failures = 0
  let pausedUntil = Number.NEGATIVE_INFINITY
  let lost = 0
  let loggedAt = Number.NEGATIVE_INFINITY

  const lose = (cause: string) => {
    lost += 1
    if (now() - loggedAt < LOG_EVERY_MS) return
    log('[Router] Traces cannot be exported', { cause, lost }, 'error')
    loggedAt = now()
    lost = 0
  }
  const fail = (cause: string) => {
    failures += 1
    if (failures >= FAILURES_TO_PAUSE) pausedUntil = now() + PAUSE_MS
    lose(cause)
  }
  const send = async (span: OtlpSpan) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: traceExport([span], resource, scope),
        // A key is for the address that was set, not for wherever that one points to.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      discardBody(response)
      if (response.ok) failures = 0
      else fail(`status ${response.status}`)
    } catch (error) {
      fail(causeName(error))
    }
  }
  return (span, waitUntil) => {
    if (now() < pausedUntil) lose('paused after failures')
    else waitUntil(send(span))
  }
}
