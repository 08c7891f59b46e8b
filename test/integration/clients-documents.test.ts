/**
 * The OpenAPI document: valid by the standard's own schema, and true: every path in it answers, every route is in it.
 */
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { createApp } from '../../edge/app.ts'
import { composeDependencies } from '../../edge/compose.ts'
import { readConfig } from '../../edge/config.ts'
import { createMemoryControlRecord } from '../../edge/control/control-record.ts'
import { readShippedClassifier } from '../../llm/shipped-classifier.ts'
import { createOpenApiValidator } from '../clients/openapi-validator.ts'
import { ADMIN_KEY, ALICE_KEY } from '../support/edge/canaries.ts'
import { createMemoryLedger } from '../support/edge/memory-ledger.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { createSqliteTenants } from '../support/edge/sqlite-accounts.ts'

const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ requestBody: z.optional(z.unknown()) }))),
})

const requirement = z.array(z.record(z.string(), z.array(z.string())))
const securitySchema = z.looseObject({
  security: requirement,
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ security: z.optional(requirement) }))),
  components: z.looseObject({
    schemas: z.record(z.string(), z.looseObject({ required: z.optional(z.array(z.string())) })),
  }),
})

async function readDocument() {
  const response = await (await createTestRouter()).request('/openapi.json')
  expect(response.status).toBe(200)
  const value: unknown = await response.json()
  return { value, ...documentSchema.parse(value) }
}

/** Bodies that the endpoints accept; all others take a Messages request. */
const BODIES: Readonly<Record<string, unknown>> = {
  '/v1/router/strategy': { strategy: 'hybrid' },
  '/v1/router/keys': { tenant: 'carol' },
  '/v1/router/keys/{id}/rotate': { graceSeconds: 0 },
  '/v1/router/keys/{id}': { forbid: ['force'] },
  '/v1/router/budgets/{tenant}': { tenant: { requestsPerMinute: 5 } },
  '/v1/router/requests/{id}/feedback': { feedback: 'good' },
  '/v1/messages/batches': {
    requests: [{ custom_id: 'one', params: ask('Hello', { model: 'claude-haiku-5-5' }) }],
  },
  '/v1/responses': { model: 'auto', input: 'Hello' },
  '/v1/responses/input_tokens': { input: 'Hello' },
  '/v1/messages/count_tokens': { model: 'auto', messages: ask().messages },
}
const PAGES = /^\/dashboard(\/|$)/
/** Aliases and pages for people, which the document leaves out on purpose. */
const UNDOCUMENTED = [
  '/',
  '/docs',
  '/openapi.json',
  '/api/hello',
  '/messages',
  '/messages/count_tokens',
  '/messages/batches',
  '/messages/batches/{id}',
  '/messages/batches/{id}/cancel',
  '/messages/batches/{id}/results',
  '/chat/completions',
  '/responses',
  '/responses/input_tokens',
  '/responses/{id}',
  '/responses/{id}/input_items',
  '/models',
  '/models/{id}',
]

test('the document is valid OpenAPI 3.1', async () => {
  const { value, openapi } = await readDocument()
  expect(openapi).toMatch(/^3\.1\./)
  const { valid, errors } = await createOpenApiValidator().validate(value)
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
})

test('what it says about keys and fields holds', async () => {
  const { value } = await readDocument()
  const { paths, security, components } = securitySchema.parse(value)
  expect(security).toEqual([{ bearer: [] }, { apiKey: [] }])
  const router = await createTestRouter()
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations)) {
      const { status } = await router.request(path.replace(/\{\w+\}/, 'auto'), {
        method: method.toUpperCase(),
      })
      expect(status === 401, `${method} ${path}`).toBe(operation.security === undefined)
    }
  expect(components.schemas.MessagesRequest?.required).toContain('max_tokens')
  expect(components.schemas.CountTokensRequest?.required).not.toContain('max_tokens')
})

test('every path in it answers', async () => {
  const { paths } = await readDocument()
  const router = await createTestRouter()
  for (const [path, operations] of Object.entries(paths))
    for (const [method, { requestBody }] of Object.entries(operations)) {
      const body = requestBody === undefined ? {} : { body: JSON.stringify(BODIES[path] ?? ask()) }
      const response = await router.request(path.replace(/\{\w+\}/, 'auto'), {
        method: method.toUpperCase(),
        headers: {
          'content-type': 'application/json',
          'x-api-key': /^\/(v1\/router|metrics)/.test(path) ? ADMIN_KEY : ALICE_KEY,
        },
        ...body,
      })
      expect([200, 201, 404], `${method} ${path}: ${response.status}`).toContain(response.status)
      // A 404 may be about the thing that was asked for, never about the path.
      if (response.status === 404) expect(await response.text()).not.toContain('no such endpoint')
    }
})

test('every route of the app is in it', async () => {
  const { paths } = await readDocument()
  const known = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const settings = await readConfig({ ALLOW_ANONYMOUS: 'true' })
  if (!settings.ok) throw new Error(settings.problems.join())
  const app = createApp(
    composeDependencies(settings.config, {
      fetch: () => Promise.reject(new Error('no network here')),
      readAsset: () => Promise.reject(new Error('no page is asked for here')),
      log: () => {},
      now: () => 0,
      random: () => 0,
      createId: () => 'req_1',
      controlRecord: createMemoryControlRecord('hybrid'),
      batchBook: createSqliteTenants(() => 0).batchBook,
      ledger: await createMemoryLedger(),
      classifierModel: readShippedClassifier(),
    }),
  )
  const routes = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
  const missing = routes.filter((route) => {
    const path = route.split(' ')[1] ?? ''
    return !known.includes(route) && !UNDOCUMENTED.includes(path) && !PAGES.test(path)
  })
  expect(missing).toEqual([])
})
