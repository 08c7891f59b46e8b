/** OTLP's JSON form, checked against a reader written from the specification. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { genAiSpan } from '../../../edge/telemetry/gen-ai-span.ts'
import { otlpAttributes, traceExport, unixNano } from '../../../edge/telemetry/otlp-json.ts'
import { traceContextOf } from '../../../edge/telemetry/trace-context.ts'
import { readTraceExport } from './otlp-receiver.ts'
import { record } from './support.ts'

const scope = { name: 'ulfberht-router', version: '0.1.0' }

test('writes what a strict reader of the specification takes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.nat(),
      fc.double({ noNaN: true, min: 0, max: 1e9 }),
      (text, tokens, latencyMs) => {
        const span = genAiSpan({
          record: {
            ...record,
            requestedModel: text,
            reason: text,
            latencyMs,
            tokens: { input: tokens, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: null },
            content: { request: text, answer: text },
          },
          request: { view: { max_tokens: 1, messages: [] }, conversationId: text },
          answer: { id: undefined, stopReason: undefined },
          trace: traceContextOf({}, Math.random),
          claudeServer: { address: 'api.anthropic.com', port: 443 },
        })
        const [read] = readTraceExport(traceExport([span], { 'service.name': 'test' }, scope))
        expect(read?.attributes['gen_ai.usage.input_tokens']).toBe(BigInt(tokens))
        expect(read?.resource['service.name']).toBe('test')
      },
    ),
  )
})

test('leaves out what JSON cannot say, and half characters', () => {
  expect(otlpAttributes({ a: Number.NaN, b: Number.POSITIVE_INFINITY, c: undefined })).toEqual([])
  expect(otlpAttributes({ a: 'x\ud800' })).toEqual([{ key: 'a', value: { stringValue: 'x\ufffd' } }])
})

test('keeps nanoseconds exact where a number could not', () => {
  expect(unixNano(1_795_780_800_123)).toBe('1795780800123000000')
  expect(unixNano(1_795_780_800_123, 0.000_001)).toBe('1795780800123000001')
  expect(unixNano(1_795_780_800_123, -5)).toBe('1795780800123000000')
})
