/** A request as a span under OpenTelemetry's GenAI names. */
import { expect, test } from 'vitest'
import type { ReceiptRecord } from '../../../edge/ledger/receipt-record.ts'
import { genAiSpan, type SpanRequest } from '../../../edge/telemetry/gen-ai-span.ts'
import type { OtlpValue } from '../../../edge/telemetry/otlp-json.ts'
import type { TraceContext } from '../../../edge/telemetry/trace-context.ts'
import { record } from './support.ts'

const trace: TraceContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: '00f067aa0ba902b7',
  parentSpanId: 'b7ad6b7169203331',
  traceState: undefined,
  sampled: true,
}
const request: SpanRequest = {
  view: { max_tokens: 64, temperature: 0.7, top_k: 40, output_config: { effort: 'high' } },
  conversationId: 'chat-1',
}

function spanOf(changes: Partial<ReceiptRecord> = {}, context: Partial<TraceContext> = {}) {
  return genAiSpan({
    record: { ...record, ...changes },
    request,
    answer: { id: 'msg_1', stopReason: 'end_turn' },
    trace: { ...trace, ...context },
    claudeServer: { address: 'api.anthropic.com', port: 443 },
  })
}

function attributesOf(changes: Partial<ReceiptRecord> = {}): Record<string, OtlpValue> {
  return Object.fromEntries(spanOf(changes).attributes.map(({ key, value }) => [key, value]))
}

test('has the client’s trace, the operation’s name and nanoseconds', () => {
  expect(spanOf()).toMatchObject({
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    flags: 0x301,
    name: 'chat auto',
    kind: 3,
    startTimeUnixNano: '1795780800000000000',
    endTimeUnixNano: '1795780801234500000',
  })
  expect(spanOf({}, { parentSpanId: undefined })).not.toHaveProperty('parentSpanId')
})

test('says what was asked for and what answered', () => {
  expect(attributesOf()).toMatchObject({
    'gen_ai.operation.name': { stringValue: 'chat' },
    'gen_ai.provider.name': { stringValue: 'anthropic' },
    'gen_ai.request.model': { stringValue: 'auto' },
    'gen_ai.request.stream': { boolValue: true },
    'gen_ai.request.max_tokens': { intValue: '64' },
    'gen_ai.request.temperature': { doubleValue: 0.7 },
    'gen_ai.request.top_k': { intValue: '40' },
    'gen_ai.request.reasoning.level': { stringValue: 'high' },
    'gen_ai.conversation.id': { stringValue: 'chat-1' },
    'gen_ai.response.id': { stringValue: 'msg_1' },
    'gen_ai.response.model': { stringValue: 'claude-sonnet-5-5' },
    'gen_ai.response.finish_reasons': { arrayValue: { values: [{ stringValue: 'end_turn' }] } },
    'gen_ai.response.time_to_first_chunk': { doubleValue: 0.25 },
    'server.address': { stringValue: 'api.anthropic.com' },
    'server.port': { intValue: '443' },
    'user.id': { stringValue: 'user-7' },
  })
})

test('counts cached tokens among the input, and says each kind', () => {
  expect(attributesOf()).toMatchObject({
    'gen_ai.usage.input_tokens': { intValue: '3120' },
    'gen_ai.usage.output_tokens': { intValue: '40' },
    'gen_ai.usage.cache_read.input_tokens': { intValue: '3000' },
    'gen_ai.usage.cache_write.input_tokens': { intValue: '20' },
    'gen_ai.usage.reasoning.output_tokens': { intValue: '12' },
    'gen_ai.usage.cost': { doubleValue: 0.00095 },
  })
})

test('leaves out what is not known', () => {
  const attributes = attributesOf({ tokens: null, costNanoUsd: null, user: null, savedNanoUsd: null })
  for (const name of ['gen_ai.usage.input_tokens', 'gen_ai.usage.cost', 'user.id', 'llm_router.saved'])
    expect(attributes).not.toHaveProperty([name])
})

test('says why the router did what it did', () => {
  expect(
    attributesOf({
      fallback: 'timeout',
      attempts: [{ provider: 'local', cause: 'timeout', costNanoUsd: 0 }],
    }),
  ).toMatchObject({
    'llm_router.request.id': { stringValue: record.id },
    'llm_router.route': { stringValue: 'claude' },
    'llm_router.task': { stringValue: 'code_generation' },
    'llm_router.score': { doubleValue: 0.91 },
    'llm_router.evidence': { arrayValue: { values: [{ stringValue: 'code words: complex' }] } },
    'llm_router.fallback': { stringValue: 'timeout' },
    'llm_router.failed_attempts': { arrayValue: { values: [{ stringValue: 'local: timeout' }] } },
    'llm_router.baseline.cost': { doubleValue: 0.00095 },
    'llm_router.saved': { doubleValue: 0 },
  })
})

test('ends a broken stream by an error', () => {
  const broken = { outcome: 'broken', errorCode: 'upstream' } as const
  expect(spanOf(broken)).toMatchObject({ status: { code: 2, message: 'upstream' } })
  expect(attributesOf(broken)).toMatchObject({
    'gen_ai.response.finish_reasons': { arrayValue: { values: [{ stringValue: 'error' }] } },
    'error.type': { stringValue: 'upstream' },
  })
  expect(spanOf({ outcome: 'failed', errorCode: null })).toMatchObject({ status: { message: '_OTHER' } })
})

test('holds a client’s disconnect for no error, and a complete answer for none', () => {
  const cancelled = { outcome: 'cancelled', errorCode: 'cancelled' } as const
  expect(spanOf(cancelled)).not.toHaveProperty('status')
  expect(attributesOf(cancelled)).not.toHaveProperty(['error.type'])
  expect(spanOf()).not.toHaveProperty('status')
})

test('names nobody as the provider of what the local model or the cache answered', () => {
  expect(attributesOf({ route: 'local' })).toMatchObject({
    'gen_ai.provider.name': { stringValue: 'llm_router.local' },
  })
  expect(attributesOf({ route: 'cache' })).toMatchObject({
    'gen_ai.provider.name': { stringValue: 'llm_router' },
  })
  expect(attributesOf({ route: 'local' })).not.toHaveProperty(['server.address'])
})

test('has content only where the receipt has it', () => {
  const contentKeys = (changes: Partial<ReceiptRecord>) =>
    Object.keys(attributesOf(changes)).filter((key) => /messages$|instructions$/.test(key))
  expect(contentKeys({})).toEqual([])
  const request = JSON.stringify({ system: 'Be brief.', messages: [{ role: 'user', content: 'Hi' }] })
  expect(contentKeys({ content: { request, answer: '[{"type":"text","text":"Hello"}]' } })).toEqual([
    'gen_ai.system_instructions',
    'gen_ai.input.messages',
    'gen_ai.output.messages',
  ])
})
