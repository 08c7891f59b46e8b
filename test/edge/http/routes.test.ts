/** The table of endpoints from outside: every method, every form of a path, and what is said where there is nothing. */
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ALICE_KEY, SIMPLE_PROMPT } from '../../support/edge/canaries.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import { claude, container } from '../../support/edge/upstreams.ts'

const router = await createTestRouter()
const KEY = { 'x-api-key': ALICE_KEY }

test.each([
  ['GET', '/v1/messages', 'POST'],
  ['GET', '/messages', 'POST'],
  ['PUT', '/v1/chat/completions', 'POST'],
  ['GET', '/v1/messages/count_tokens', 'POST'],
  ['POST', '/v1/models', 'GET'],
  ['POST', '/v1/models/auto', 'GET'],
  ['DELETE', '/models/onnx-community/x', 'GET'],
  ['POST', '/api/hello', 'GET'],
  ['POST', '/healthz', 'GET'],
  ['POST', '/readyz', 'GET'],
  ['POST', '/', 'GET'],
  ['POST', '/docs', 'GET'],
  ['POST', '/openapi.json', 'GET'],
  ['POST', '/v1/router/status', 'GET'],
  ['POST', '/v1/router/strategy', 'PUT, DELETE'],
  ['GET', '/v1/router/explain', 'POST'],
  ['PUT', '/v1/router/keys', 'POST, GET'],
  ['GET', '/v1/router/keys/key_1', 'PATCH, DELETE'],
  ['GET', '/v1/router/keys/key_1/rotate', 'POST'],
  ['POST', '/v1/router/budgets', 'GET'],
  ['POST', '/v1/router/budgets/alice', 'GET, PUT, DELETE'],
])('%s %s is answered with 405 and what the endpoint takes', async (method, path, allowed) => {
  const response = await router.request(path, { method, headers: KEY })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe(allowed)
})

test('documents exactly the endpoints of the API', async () => {
  const { paths } = JSON.parse(await (await router.request('/openapi.json')).text())
  const listed = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(listed.toSorted()).toEqual(
    [
      'DELETE /v1/router/budgets/{tenant}',
      'DELETE /v1/router/keys/{id}',
      'DELETE /v1/router/strategy',
      'GET /v1/router/budgets',
      'GET /v1/router/budgets/{tenant}',
      'GET /v1/router/keys',
      'PATCH /v1/router/keys/{id}',
      'POST /v1/router/keys',
      'POST /v1/router/keys/{id}/rotate',
      'PUT /v1/router/budgets/{tenant}',
      'GET /metrics',
      'GET /healthz',
      'GET /readyz',
      'GET /v1/models',
      'GET /v1/models/{id}',
      'GET /v1/router/requests',
      'GET /v1/router/requests/{id}',
      'GET /v1/router/status',
      'GET /v1/router/usage',
      'POST /v1/chat/completions',
      'POST /v1/responses',
      'POST /v1/responses/input_tokens',
      'GET /v1/responses/{id}',
      'DELETE /v1/responses/{id}',
      'GET /v1/responses/{id}/input_items',
      'POST /v1/messages',
      'POST /v1/messages/count_tokens',
      'POST /v1/messages/batches',
      'GET /v1/messages/batches',
      'GET /v1/messages/batches/{id}',
      'DELETE /v1/messages/batches/{id}',
      'POST /v1/messages/batches/{id}/cancel',
      'GET /v1/messages/batches/{id}/results',
      'POST /v1/router/explain',
      'POST /v1/router/requests/{id}/feedback',
      'PUT /v1/router/strategy',
    ].toSorted(),
  )
})

test.each(['/v1/messages/', '//v1/messages', '/v1/v1/messages', '/v1//messages', '/messages/'])(
  'finds the endpoint that a client means by %s',
  async (path) => {
    const response = await router.post(ask(SIMPLE_PROMPT), {}, { path })
    expect(response.status).toBe(200)
  },
)

test.each([
  ['/v1/embeddings', 'openai', /Embeddings are not offered/],
  ['/v1/responses/resp_1/cancel', 'openai', /nothing to cancel/],
  ['/v1/responses/compact', 'openai', /reads the whole conversation/],
  ['/v1/conversations', 'openai', /"previous_response_id"/],
  ['/v1/completions', 'openai', /Use POST \/v1\/chat\/completions/],
  ['/v1/audio/speech', 'openai', /GET \/docs lists/],
  ['/v1/chat/completions/chatcmpl-1', 'openai', /Stored completions are not offered/],
  ['/v1/batches', 'openai', /Anthropic's is: POST \/v1\/messages\/batches/],
  ['/v1/messages/batches/msgbatch_1/expire', 'anthropic', /POST …\/:id\/cancel/],
  ['/v1/files', 'anthropic', /Files are not offered/],
  ['/v1/nothing', 'anthropic', /GET \/docs lists/],
])('says at %s what to use instead, in the shape that its clients read', async (path, shape, message) => {
  const response = await router.request(path, { method: 'POST', headers: KEY })
  expect(response.status).toBe(404)
  const body = JSON.parse(await response.text())
  expect(body.error.message).toMatch(message)
  expect(body.type).toBe(shape === 'anthropic' ? 'error' : undefined)
})

test('reads a compressed body, and passes what it means on to Claude', async () => {
  const text = JSON.stringify(ask(SIMPLE_PROMPT, { model: 'claude-opus-5-5', temperature: 0.5 }))
  const response = await (await createTestRouter({ LLM_STRATEGY: 'claude_only' })).post(gzipSync(text), {
    'content-encoding': 'gzip',
  })
  expect(response.status).toBe(200)
  expect(claude.hits[0]?.text).toBe(text)
  expect(claude.hits[0]?.headers.has('content-encoding')).toBe(false)
})

test('refuses encodings that it does not know, bodies that are not what they say, and bombs', async () => {
  const post = (body: Uint8Array, encoding: string, settings = {}) =>
    createTestRouter(settings).then((each) => each.post(body, { 'content-encoding': encoding }))
  const unknown = await post(gzipSync('{}'), 'br')
  expect(unknown.status).toBe(415)
  expect(JSON.parse(await unknown.text()).error.message).toContain('content-encoding "br"')
  expect((await post(new Uint8Array([1, 2, 3]), 'gzip')).status).toBe(400)
  const bomb = gzipSync(Buffer.alloc(20_000_000, ' '))
  expect((await post(bomb, 'gzip', { MAX_BODY_BYTES: '1000000' })).status).toBe(413)
  expect(container.hits.length + claude.hits.length).toBe(0)
})

test.each(['x-router-force', 'x-router-strategy', 'x-router-cache', 'x-router-privacy'])(
  'refuses a control that is there and empty: %s',
  async (name) => {
    const response = await router.post(ask(SIMPLE_PROMPT), { [name]: ' ' })
    expect(response.status).toBe(400)
    expect(JSON.parse(await response.text()).error.message).toBe(
      `The header ${name} is empty. Give it a value or leave it out.`,
    )
    expect(claude.hits).toHaveLength(0)
  },
)

test('answers anybody on this machine’s own names only', async () => {
  const open = await createTestRouter({ ALLOW_ANONYMOUS: 'true', ROUTER_KEYS: '' })
  const statusFor = async (host: string) =>
    (await open.request('/v1/models', { headers: { host, origin: `http://${host}` } })).status
  for (const host of ['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'LOCALHOST'])
    expect(await statusFor(host), host).toBe(200)
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1'])
    expect(await statusFor(host), host).toBe(403)
})

test.each(['messages', 'stop_sequences'])(
  'names the first of a very long list of wrong %s',
  async (field) => {
    const response = await router.post({
      ...ask(SIMPLE_PROMPT),
      [field]: Array.from({ length: 90_000 }, () => 1),
    })
    expect(response.status).toBe(400)
    expect(JSON.parse(await response.text()).error.message).toMatch(new RegExp(`^${field}\\.0: must be`))
  },
)

test('names the first of very many wrong blocks', async () => {
  const blocks = Array.from({ length: 90_000 }, () => ({}))
  const response = await router.post({
    ...ask(SIMPLE_PROMPT),
    messages: [{ role: 'user', content: blocks }],
  })
  expect(response.status).toBe(400)
  expect(JSON.parse(await response.text()).error.message).toMatch(
    /^messages\.0\.content\.0\.type: must be a string/,
  )
})

test('names the first few of several wrong fields, and of a long system prompt what a block is', async () => {
  const messageOf = async (fields: object) =>
    JSON.parse(await (await router.post({ ...ask(SIMPLE_PROMPT), ...fields })).text()).error.message
  expect(await messageOf({ max_tokens: -1, messages: [1, 2, 3, 4] })).toBe(
    'max_tokens: must be a whole number, 0 or more; ' +
      'messages.0: must be an object with "role" and "content"; ' +
      'messages.1: must be an object with "role" and "content"',
  )
  expect(await messageOf({ system: Array.from({ length: 2_000 }, () => 1) })).toBe(
    'system.0: must be a content block, an object with a "type"',
  )
})
