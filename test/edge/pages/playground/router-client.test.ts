/** The router's endpoints as the playground uses them: whose key goes with a call, and what is told of a bad answer. */
import { expect, test } from 'vitest'
import { createAskRequest, USUAL_OPTIONS } from '../../../../edge/pages/playground/ask-options.ts'
import { createRouterClient } from '../../../../edge/pages/playground/router-client.ts'
import { ALICE_KEY } from '../../../support/edge/canaries.ts'
import { createTestRouter } from '../../../support/edge/router.ts'

const REQUEST = createAskRequest(USUAL_OPTIONS, [{ role: 'user', content: 'Good morning!' }], 'claude')
const { signal } = new AbortController()

/** Returns a client whose calls are answered by `answer`, and the calls. */
function clientOf(answer: () => Response, key = '') {
  const calls: Request[] = []
  const send: typeof fetch = async (path, init) => {
    calls.push(new Request(new URL(String(path), 'http://router.test'), init))
    return answer()
  }
  return { calls, client: createRouterClient(send, () => key) }
}

test('sends the key where there is one, with the headers of the request', async () => {
  const { calls, client } = clientOf(() => new Response('', { status: 500 }), 'my-key')
  await client.ask(REQUEST, signal).next()
  await client.explain(REQUEST, signal)
  await client.receipt('req/1', signal)
  expect(calls.map(({ url }) => new URL(url).pathname).slice(-2)).toEqual([
    '/v1/router/explain',
    '/v1/router/requests/req%2F1',
  ])
  for (const { headers } of calls) expect(headers.get('x-api-key')).toBe('my-key')
  expect(calls.at(-2)?.headers.get('x-router-force')).toBe('claude')
})

test('sends no header of a key where there is none', async () => {
  const { calls, client } = clientOf(() => new Response('', { status: 500 }))
  await client.status()
  expect(calls[0]?.headers.has('x-api-key')).toBe(false)
})

test.each([
  ['not JSON', 200],
  ['{"route":"local"}', 200],
  ['<html>', 502],
])('%j with status %i is told as something unknown', async (body, status) => {
  const told = await clientOf(() => new Response(body, { status })).client.explain(REQUEST, signal)
  expect(told).toMatchObject({ ok: false, error: { type: 'unknown' } })
})

test('reads what the router itself says', async () => {
  const router = await createTestRouter()
  const send: typeof fetch = (path, init) => router.request(String(path), init)
  const client = createRouterClient(send, () => ALICE_KEY)
  expect(await client.explain(REQUEST, signal)).toMatchObject({ ok: true, value: { route: 'claude' } })
  expect(await client.status()).toMatchObject({ ok: true, value: { strategy: 'hybrid' } })
  const strangers = createRouterClient(send, () => 'a-key-of-nobody')
  expect(await strangers.status()).toMatchObject({ ok: false, error: { status: 401 } })
})
