/**
 * One request as a span, by the names of OpenTelemetry's GenAI conventions (v0.1.0, `gen_ai.client.inference`) and, for
 * what those have no name for, `llm_router.*`. A projection of the receipt's record; sends nothing.
 */

import type { MessagesRequest } from '../../shared/messages.ts'
import { toUsd } from '../../shared/money.ts'
import type { ReceiptRecord } from '../ledger/receipt-record.ts'
import { contentMessages } from './content-messages.ts'
import {
  type Attributes,
  CLIENT_SPAN,
  type OtlpSpan,
  otlpAttributes,
  STATUS_ERROR,
  unixNano,
} from './otlp-json.ts'
import type { TraceContext } from './trace-context.ts'

/** What the record does not hold: how the request asked for its answer. */
export type SpanRequest = {
  readonly view: Partial<Pick<MessagesRequest, 'max_tokens' | 'temperature' | 'top_p' | 'top_k'>> &
    Readonly<Record<string, unknown>>
  /** The conversation as the client names it; undefined where it does not. */
  readonly conversationId: string | undefined
}

/** What the record does not hold of the answer. */
export type SpanAnswer = { readonly id: string | undefined; readonly stopReason: string | undefined }

export type ServerAddress = { readonly address: string; readonly port: number }

export type SpanFacts = {
  readonly record: ReceiptRecord
  readonly request: SpanRequest
  readonly answer: SpanAnswer
  readonly trace: TraceContext
  /** Where Claude is asked. */
  readonly claudeServer: ServerAddress
}

const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200
/** Nobody needs more of a name to know it again. */
const LONGEST_NAME = 256

/** Returns the span of a request that has ended. */
export function genAiSpan({ record, request, answer, trace, claudeServer }: SpanFacts): OtlpSpan {
  const { traceId, spanId, parentSpanId, traceState, sampled } = trace
  const error = errorType(record)
  const reasons = finishReasons(record, answer)
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    ...(traceState === undefined ? {} : { traceState }),
    flags: Number(sampled) | (parentSpanId === undefined ? 0 : HAS_IS_REMOTE | IS_REMOTE),
    name: `chat ${name(record.requestedModel)}`,
    kind: CLIENT_SPAN,
    startTimeUnixNano: unixNano(record.startedAt),
    endTimeUnixNano: unixNano(record.startedAt, record.latencyMs),
    attributes: otlpAttributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': providerName(record),
      ...requestAttributes(record, request),
      ...responseAttributes(record, answer),
      'gen_ai.response.finish_reasons': reasons.length === 0 ? undefined : reasons,
      ...usageAttributes(record),
      'error.type': error,
      ...(record.route === 'claude'
        ? { 'server.address': claudeServer.address, 'server.port': BigInt(claudeServer.port) }
        : {}),
      'user.id': record.user ?? undefined,
      ...routerAttributes(record),
      ...contentAttributes(record, reasons),
    }),
    ...(error === undefined ? {} : { status: { code: STATUS_ERROR, message: error } }),
  }
}

function requestAttributes(record: ReceiptRecord, { view, conversationId }: SpanRequest): Attributes {
  return {
    'gen_ai.request.model': name(record.requestedModel),
    'gen_ai.request.stream': record.stream ? true : undefined,
    'gen_ai.request.max_tokens': integer(view.max_tokens),
    'gen_ai.request.temperature': view.temperature ?? undefined,
    'gen_ai.request.top_p': view.top_p ?? undefined,
    'gen_ai.request.top_k': integer(view.top_k),
    'gen_ai.request.reasoning.level': effort(view.output_config),
    'gen_ai.conversation.id': conversationId === undefined ? undefined : name(conversationId),
  }
}

function responseAttributes(record: ReceiptRecord, { id }: SpanAnswer): Attributes {
  const { stream, firstContentMs } = record
  return {
    'gen_ai.response.id': id === undefined ? undefined : name(id),
    'gen_ai.response.model': record.model === null ? undefined : name(record.model),
    'gen_ai.response.time_to_first_chunk':
      stream && firstContentMs !== null ? firstContentMs / 1_000 : undefined,
  }
}

/** The conventions count cached tokens among the input; Claude, and the record, do not. */
function usageAttributes({ tokens, costNanoUsd }: ReceiptRecord): Attributes {
  const cost = { 'gen_ai.usage.cost': usd(costNanoUsd) }
  if (tokens === null) return cost
  const { input, output, cacheRead, cacheWrite, reasoning } = tokens
  return {
    'gen_ai.usage.input_tokens': BigInt(input + cacheRead + cacheWrite),
    'gen_ai.usage.output_tokens': BigInt(output),
    'gen_ai.usage.cache_read.input_tokens': BigInt(cacheRead),
    'gen_ai.usage.cache_write.input_tokens': BigInt(cacheWrite),
    'gen_ai.usage.reasoning.output_tokens': reasoning === null ? undefined : BigInt(reasoning),
    ...cost,
  }
}

function routerAttributes(record: ReceiptRecord): Attributes {
  return {
    'llm_router.request.id': record.id,
    'llm_router.tenant': record.tenant,
    'llm_router.surface': record.surface,
    'llm_router.strategy': record.strategy,
    'llm_router.route': record.route ?? undefined,
    'llm_router.task': record.task,
    'llm_router.score': record.score,
    'llm_router.threshold': record.threshold,
    'llm_router.judge_score': record.judgeScore ?? undefined,
    'llm_router.handover_score': record.handoverScore ?? undefined,
    'llm_router.verify_score': record.verifyScore ?? undefined,
    'llm_router.evidence': record.evidence.map(({ kind, towards }) => `${kind}: ${towards}`),
    'llm_router.reason': record.reason,
    'llm_router.guard': record.guard ?? undefined,
    'llm_router.cache': record.cache,
    'llm_router.fallback': record.fallback ?? undefined,
    'llm_router.failed_attempts': record.attempts.map(({ provider, cause }) => `${provider}: ${cause}`),
    'llm_router.budget': record.budget ?? undefined,
    'llm_router.outcome': record.outcome,
    'llm_router.baseline.model': record.baselineModel,
    'llm_router.baseline.cost': usd(record.baselineNanoUsd),
    'llm_router.saved': usd(record.savedNanoUsd),
  }
}

/** As JSON texts: receivers read these on spans more surely than nested values. */
function contentAttributes({ content }: ReceiptRecord, reasons: readonly string[]): Attributes {
  if (content === undefined) return {}
  const { system, input, output } = contentMessages(content, reasons[0] ?? 'stop')
  return {
    'gen_ai.system_instructions': system,
    'gen_ai.input.messages': input,
    'gen_ai.output.messages': output,
  }
}

/** Where the model told none, an answer that was expected and did not come whole ended by an error, whoever was at fault. */
function finishReasons({ outcome }: ReceiptRecord, { stopReason }: SpanAnswer): readonly string[] {
  if (outcome !== 'completed') return ['error']
  return stopReason === undefined ? [] : [stopReason]
}

/** A client that disconnects is no error of anybody's. */
function errorType({ outcome, errorCode }: ReceiptRecord): string | undefined {
  if (outcome === 'completed' || outcome === 'cancelled') return undefined
  return errorCode ?? '_OTHER'
}

/** Where the model is not Claude's, none of the conventions' well-known providers is right. */
function providerName({ route }: ReceiptRecord): string {
  if (route === 'claude') return 'anthropic'
  return route === 'local' ? 'llm_router.local' : 'llm_router'
}

function effort(outputConfig: unknown): string | undefined {
  if (typeof outputConfig !== 'object' || outputConfig === null || !('effort' in outputConfig))
    return undefined
  return typeof outputConfig.effort === 'string' ? name(outputConfig.effort) : undefined
}

function integer(value: number | null | undefined): bigint | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined
}

function usd(nanoUsd: number | null): number | undefined {
  return toUsd(nanoUsd) ?? undefined
}

function name(text: string): string {
  return text.slice(0, LONGEST_NAME)
}
