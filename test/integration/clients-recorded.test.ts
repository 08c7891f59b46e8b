/**
 * Requests in the shapes that clients were recorded to send, each accepted and routed as it should be; what goes to
 * Claude from clients of the Messages API arrives byte for byte, with query and headers.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { ALICE_KEY } from '../support/edge/canaries.ts'
import { createTestRouter } from '../support/edge/router.ts'
import { claude, container } from '../support/edge/upstreams.ts'

const recordSchema = z.object({
  route: z.enum(['local', 'claude']),
  reason: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.record(z.string(), z.unknown()),
})

const FOLDER = join(import.meta.dirname, '../fixtures/clients')
const RECORDS = readdirSync(FOLDER).map((file) => ({
  name: file.replace('.json', ''),
  ...recordSchema.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))),
}))
/** Headers that describe the request itself; all others of a client's must reach Claude. */
const NOT_PASSED = ['x-claude-code-session-id']

test.each(RECORDS)('$name is answered by $route', async ({ route, reason, path, headers, body }) => {
  const router = await createTestRouter()
  const text = JSON.stringify(body)
  const response = await router.post(text, headers, { path })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-router-route')).toBe(route)
  expect(response.headers.get('x-router-reason')).toBe(reason)
  const streams = body.stream === true
  expect(response.headers.get('content-type')).toMatch(streams ? /^text\/event-stream/ : /^application\/json/)
  await response.text()
  expect(container.hits).toHaveLength(route === 'local' ? 1 : 0)
  expect(claude.hits).toHaveLength(route === 'claude' ? 1 : 0)
  const [asked] = claude.hits
  if (asked === undefined || path.includes('chat/completions')) return
  expect(asked.text).toBe(text)
  expect(new URL(asked.url).search).toBe(path.includes('?') ? path.slice(path.indexOf('?')) : '')
  for (const [name, value] of Object.entries(headers))
    expect(asked.headers.get(name), name).toBe(NOT_PASSED.includes(name) ? null : value)
})

test('side requests of a session may be answered locally where the operator allows it', async () => {
  const side = RECORDS.find(({ name }) => name === 'claude-code-side-request')
  const router = await createTestRouter({ SIDE_REQUESTS_LOCAL: 'true' })
  const response = await router.post(side?.body, side?.headers, { path: side?.path ?? '' })
  expect(response.headers.get('x-router-route')).toBe('local')
  expect(await response.text()).toContain('message_stop')
  expect(claude.hits).toHaveLength(0)
})

test('both credentials at once, or either, open the door', async () => {
  const router = await createTestRouter()
  const send = (headers: Record<string, string>) =>
    router.request('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(RECORDS[0]?.body),
    })
  const bearer = { authorization: `Bearer ${ALICE_KEY}` }
  const apiKey = { 'x-api-key': ALICE_KEY }
  expect((await send(bearer)).status).toBe(200)
  expect((await send(apiKey)).status).toBe(200)
  expect((await send({ ...bearer, ...apiKey })).status).toBe(200)
  expect((await send({ authorization: 'Bearer other', ...apiKey })).status).toBe(200)
  expect((await send({})).status).toBe(401)
})
