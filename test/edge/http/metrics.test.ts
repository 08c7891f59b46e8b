/** `GET /metrics` of a whole router. */
import { expect, test } from 'vitest'
import { ADMIN_KEY, ALICE_KEY, COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { expectNoCanary } from '../../support/edge/log-collector.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { ask, createTestRouter, type TestRouter } from '../../support/edge/router.ts'
import { readPrometheus } from '../telemetry/prometheus-reader.ts'

const DAY_MS = 86_400_000
const scrape = (router: TestRouter, key = ADMIN_KEY) =>
  router.request('/metrics', { headers: { authorization: `Bearer ${key}` } })

async function counted(router: TestRouter, name: string): Promise<number> {
  const samples = readPrometheus(await (await scrape(router)).text())
  return samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0)
}

test('tells the administrator what was asked today, and nothing secret', async () => {
  const router = await createTestRouter()
  await router.post(ask())
  await router.post(ask(COMPLEX_PROMPT))
  await expect.poll(() => counted(router, 'llmrouter_requests_total')).toBe(2)
  const response = await scrape(router)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  const samples = readPrometheus(text)
  expect(samples).toContainEqual({
    name: 'llmrouter_local_server_state',
    labels: { server: '1', state: 'ready' },
    value: 1,
  })
  expect(samples).toContainEqual({ name: 'llmrouter_ledger_readable', labels: {}, value: 1 })
  const routes = samples.flatMap(({ name, labels }) =>
    name === 'llmrouter_cost_usd_total' ? [labels.route] : [],
  )
  expect(routes.sort()).toEqual(['claude', 'local'])
  expectNoCanary(text)
})

test('begins at 0 on another day', async () => {
  const router = await createTestRouter()
  await router.post(ask())
  await expect.poll(() => counted(router, 'llmrouter_requests_total')).toBe(1)
  router.advance(DAY_MS)
  expect(await counted(router, 'llmrouter_requests_total')).toBe(0)
})

test('is for the administrator only', async () => {
  const router = await createTestRouter()
  expect((await scrape(router, ALICE_KEY)).status).toBe(403)
  expect((await router.request('/metrics')).status).toBe(401)
})

test('tells what the isolate knows where the ledger cannot be read', async () => {
  const ledger = await createMemoryLedger()
  const router = await createTestRouter(
    {},
    {
      ledger: {
        ...ledger,
        usage: async () => {
          throw new Error('Exceeded allowed rows read in Durable Objects free tier.')
        },
      },
    },
  )
  const response = await scrape(router)
  expect(response.status).toBe(200)
  const samples = readPrometheus(await response.text())
  expect(samples).toContainEqual({ name: 'llmrouter_ledger_readable', labels: {}, value: 0 })
  expect(samples.some(({ name }) => name === 'llmrouter_requests_total')).toBe(false)
})
