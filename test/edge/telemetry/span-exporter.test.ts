/** Spans on their way to a receiver that may be slow, broken or gone. */
import { expect, test } from 'vitest'
import type { Fetch } from '../../../edge/providers/provider.ts'
import { genAiSpan } from '../../../edge/telemetry/gen-ai-span.ts'
import { createSpanExporter } from '../../../edge/telemetry/span-exporter.ts'
import { traceContextOf } from '../../../edge/telemetry/trace-context.ts'
import type { LogFields } from '../../../shared/log.ts'
import { readTraceExport } from './otlp-receiver.ts'
import { record } from './support.ts'

const span = genAiSpan({
  record,
  request: { view: { max_tokens: 1 }, conversationId: undefined },
  answer: { id: undefined, stopReason: undefined },
  trace: traceContextOf({}, Math.random),
  claudeServer: { address: 'api.anthropic.com', port: 443 },
})

function exporterOver(fetch: Fetch) {
  let now = 0
  const lines: (LogFields & { message: string })[] = []
  const work: Promise<unknown>[] = []
  const send = createSpanExporter({
    url: 'https://collector.example/v1/traces',
    headers: { authorization: 'Basic abc' },
    resource: { 'service.name': 'router' },
    scope: { name: 'ulfberht-router', version: '0.1.0' },
    fetch,
    log: (message, fields = {}) => lines.push({ message, ...fields }),
    now: () => now,
  })
  return {
    lines,
    advance(milliseconds: number) {
      now += milliseconds
    },
    async send() {
      send(span, (promise) => work.push(promise))
      await Promise.all(work)
    },
  }
}

test('posts the span as JSON, with the operator’s headers, and follows nobody elsewhere', async () => {
  const sent: { url: string; init: RequestInit }[] = []
  const exporter = exporterOver(async (url, init) => {
    sent.push({ url, init })
    return Response.json({})
  })
  await exporter.send()
  const [only] = sent
  expect(sent).toHaveLength(1)
  expect(only).toMatchObject({
    url: 'https://collector.example/v1/traces',
    init: {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: 'Basic abc', 'content-type': 'application/json' },
    },
  })
  expect(readTraceExport(String(only?.init.body))[0]?.name).toBe('chat auto')
  expect(exporter.lines).toEqual([])
})

test('says once a minute what was lost, whoever is at fault, and says nothing secret', async () => {
  const exporter = exporterOver(async () => {
    throw new TypeError('connect to https://user:password@collector failed')
  })
  for (let sent = 0; sent < 10; sent++) await exporter.send()
  expect(exporter.lines).toEqual([
    { message: '[Router] Traces cannot be exported', cause: 'TypeError', lost: 1 },
  ])
  exporter.advance(60_000)
  await exporter.send()
  expect(exporter.lines).toHaveLength(2)
  expect(exporter.lines[1]).toMatchObject({ lost: 10 })
})

test('leaves a receiver alone that failed three times, and tries again later', async () => {
  let calls = 0
  let status = 503
  const exporter = exporterOver(async () => {
    calls += 1
    return new Response(null, { status })
  })
  for (let sent = 0; sent < 5; sent++) await exporter.send()
  expect(calls).toBe(3)
  status = 200
  exporter.advance(30_000)
  await exporter.send()
  await exporter.send()
  expect(calls).toBe(5)
})
