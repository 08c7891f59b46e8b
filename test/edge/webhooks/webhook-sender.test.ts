/** Events on their way to a webhook that may be slow, broken or gone. */
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Fetch } from '../../../edge/providers/provider.ts'
import type { WebhookEvent } from '../../../edge/webhooks/event.ts'
import { createWebhookSender } from '../../../edge/webhooks/webhook-sender.ts'
import type { LogFields } from '../../../shared/log.ts'

const SECRET = 'a secret of the operator'
const event: WebhookEvent = { type: 'local_model.lost', data: { model: 'tiny-model', cause: 'timeout' } }

async function tellOver(fetch: Fetch) {
  const lines: (LogFields & { message: string })[] = []
  const waits: number[] = []
  const work: Promise<unknown>[] = []
  const sent: { url: string; headers: Headers; body: string; redirect: unknown }[] = []
  const tell = createWebhookSender({
    url: 'https://hooks.example/router',
    secret: SECRET,
    fetch: (url, init) => {
      const { headers, body, redirect } = init
      sent.push({ url, headers: new Headers(headers), body: String(body), redirect })
      return fetch(url, init)
    },
    log: (message, fields = {}) => lines.push({ message, ...fields }),
    now: () => Date.UTC(2026, 10, 27, 12),
    random: () => 0.5,
    sleep: async (milliseconds) => void waits.push(milliseconds),
  })
  tell(event, (promise) => work.push(promise))
  await Promise.all(work)
  return { lines, waits, sent }
}

test('tells type, time and data, signed, and follows nobody elsewhere', async () => {
  const { sent, lines } = await tellOver(async () => new Response())
  expect(sent).toHaveLength(1)
  const [{ url, headers, body, redirect } = { url: '', headers: new Headers(), body: '', redirect: '' }] =
    sent
  expect({ url, redirect }).toEqual({ url: 'https://hooks.example/router', redirect: 'manual' })
  expect(JSON.parse(body)).toEqual({ ...event, timestamp: '2026-11-27T12:00:00.000Z' })
  const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${body}`
  expect(headers.get('webhook-signature')).toBe(
    `v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`,
  )
  expect(headers.get('webhook-timestamp')).toBe('1795780800')
  expect(headers.get('content-type')).toBe('application/json')
  expect(lines).toEqual([])
})

test('tells once more, as the same event, where it was not taken', async () => {
  let calls = 0
  const { sent, waits, lines } = await tellOver(
    async () => new Response(null, { status: ++calls === 1 ? 503 : 200 }),
  )
  expect(sent.map(({ headers }) => headers.get('webhook-id'))).toEqual([
    expect.any(String),
    sent[0]?.headers.get('webhook-id'),
  ])
  expect(waits).toHaveLength(1)
  expect(lines).toEqual([])
})

test('gives up after that, with a line that holds no secret', async () => {
  const { sent, lines } = await tellOver(async () => {
    throw new TypeError(`no route for ${SECRET}`)
  })
  expect(sent).toHaveLength(2)
  expect(lines).toEqual([
    {
      message: '[Router] The webhook was not told',
      event: 'local_model.lost',
      id: expect.any(String),
      cause: 'TypeError',
    },
  ])
})

test('does not ask a receiver again that says it is gone', async () => {
  const { sent, lines } = await tellOver(async () => new Response(null, { status: 410 }))
  expect(sent).toHaveLength(1)
  expect(lines).toMatchObject([{ cause: 'status 410' }])
})
