/** Claude's count of tokens: its answer as it came, or nothing where it is in trouble itself. */
import { expect, test } from 'vitest'
import { createTokenCounter } from '../../../../edge/providers/claude/count-tokens.ts'
import type { Fetch } from '../../../../edge/providers/provider.ts'
import { claudeSettings } from '../../../support/edge/claude-settings.ts'
import { routerRequest } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const target = { provider: 'claude', model: 'claude-haiku-5-5' } as const
const count = (fetch: Fetch) => createTokenCounter(claudeSettings(), fetch)(routerRequest(ask('Hi')), target)
const answers =
  (body: unknown, init: ResponseInit = {}) =>
  async () =>
    Response.json(body, init)
const error = { type: 'error', error: { type: 'invalid_request_error', message: 'tools.0: bad' } }

test('asks for the target’s model and gives the answer as it came', async () => {
  let sent: { url: string; body: unknown } | undefined
  const counted = await count(async (url, init) => {
    sent = { url, body: JSON.parse(String(init.body)) }
    return Response.json(
      { input_tokens: 7, new_field: 1 },
      { headers: { 'request-id': 'req_1', server: 'x' } },
    )
  })
  expect(sent).toMatchObject({
    url: expect.stringMatching(/\/v1\/messages\/count_tokens$/),
    body: { model: target.model },
  })
  expect(counted).toMatchObject({ status: 200, headers: { 'request-id': 'req_1' } })
  expect(counted?.headers).not.toHaveProperty('server')
  expect(JSON.parse(new TextDecoder().decode(counted?.bytes))).toEqual({ input_tokens: 7, new_field: 1 })
})

test('gives Claude’s own word on what is wrong with the request', async () => {
  expect(await count(answers(error, { status: 400 }))).toMatchObject({ status: 400 })
})

test.each<[string, Fetch]>([
  ['is overloaded', answers(error, { status: 529 })],
  ['refuses the router’s key', answers(error, { status: 401 })],
  ['answers with something else', answers({ tokens: 7 })],
  ['has a page in its place', async () => new Response('<html>', { status: 404 })],
  ['redirects', answers(error, { status: 307 })],
  ['cannot be reached', () => Promise.reject(new TypeError('internals-canary'))],
])('gives nothing where Claude %s', async (_what, fetch) => {
  expect(await count(fetch)).toBeUndefined()
})

test('gives nothing where there is no key', async () => {
  const counter = createTokenCounter(claudeSettings({ apiKey: undefined }), () =>
    Promise.reject(new Error('asked')),
  )
  expect(await counter(routerRequest(), target)).toBeUndefined()
})
