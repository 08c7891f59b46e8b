/** What the edge tells other tools, as operators set it. */
import { expect, test } from 'vitest'
import { readConfig } from '../../../edge/config.ts'

const base = { ROUTER_KEYS: 'alice:0123456789abcdef' }

async function read(settings: Record<string, string>) {
  const result = await readConfig({ ...base, ...settings })
  return result.ok ? result.config : result.problems
}

test('sends nothing unless told to', async () => {
  expect(await read({})).toMatchObject({ traces: undefined, webhook: undefined })
})

test('reads OpenTelemetry’s own names as OpenTelemetry does', async () => {
  const config = await read({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://cloud.langfuse.com/api/public/otel/',
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20cGs6c2s=, x-langfuse-ingestion-version=4',
  })
  expect(config).toMatchObject({
    traces: {
      url: 'https://cloud.langfuse.com/api/public/otel/v1/traces',
      headers: { authorization: 'Basic cGs6c2s=', 'x-langfuse-ingestion-version': '4' },
      serviceName: 'ulfberht-router',
    },
  })
})

test('takes an address with the path already, and another name', async () => {
  const config = await read({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/v1/traces',
    OTEL_SERVICE_NAME: 'shop-router',
  })
  expect(config).toMatchObject({
    traces: { url: 'http://127.0.0.1:4318/v1/traces', headers: {}, serviceName: 'shop-router' },
  })
})

test.each([
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example' },
    /OTEL_EXPORTER_OTLP_ENDPOINT must begin with https/,
  ],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'hunter2-without-a-name' },
    /OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs/,
  ],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%0Ab' }, /OTEL_EXPORTER_OTLP_HEADERS must be/],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%zz' }, /OTEL_EXPORTER_OTLP_HEADERS must be/],
  [
    { WEBHOOK_URL: 'http://hooks.example', WEBHOOK_SECRET: '0123456789abcdef' },
    /WEBHOOK_URL must begin with https/,
  ],
  [{ WEBHOOK_URL: 'https://hooks.example' }, /WEBHOOK_SECRET is not set/],
  [{ WEBHOOK_SECRET: 'hunter2' }, /WEBHOOK_SECRET must have at least 16/],
  [{ WEBHOOK_SECRET: 'whsec_hunter2-not-base64!' }, /WEBHOOK_SECRET must have base64 after whsec_/],
])('refuses %j by name, without its secret', async (settings, expected) => {
  const problems = await read(settings)
  expect(problems).toEqual([expect.stringMatching(expected)])
  expect(JSON.stringify(problems)).not.toContain('hunter2')
})
