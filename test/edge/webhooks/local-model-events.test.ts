/** When the operator hears that the local model is lost or back. */
import { expect, test } from 'vitest'
import type { WebhookEvent } from '../../../edge/webhooks/event.ts'
import { createLocalModelEvents } from '../../../edge/webhooks/local-model-events.ts'
import { RouterError } from '../../../shared/errors.ts'
import { localMessage } from '../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import {
  answerStream,
  container,
  networkFetch,
  readiness,
  ready,
  refused,
} from '../../support/edge/upstreams.ts'

const failed = new RouterError('timeout', 'too slow')
const later = () => {}

function eventsOf(servers: number) {
  const told: WebhookEvent[] = []
  return {
    told,
    types: () => told.map(({ type }) => type),
    listenerOf: createLocalModelEvents(
      servers,
      () => 'tiny-model',
      (event) => void told.push(event),
    ),
  }
}

test('says that the model is lost when the last server is, and that it is back with the first', () => {
  const { listenerOf, told, types } = eventsOf(2)
  const [first, second] = [listenerOf(0), listenerOf(1)]
  first.opened(failed, later)
  expect(told).toEqual([{ type: 'local_model.breaker_opened', data: { server: 1, cause: 'timeout' } }])
  second.opened(failed, later)
  expect(types().slice(1)).toEqual(['local_model.breaker_opened', 'local_model.lost'])
  second.ready(later)
  expect(told.at(-1)).toEqual({ type: 'local_model.back', data: { model: 'tiny-model' } })
  first.ready(later)
  expect(told).toHaveLength(4)
})

test('says nothing of a server that becomes ready for the first time', () => {
  const { listenerOf, told } = eventsOf(1)
  listenerOf(0).ready(later)
  expect(told).toEqual([])
})

test('tells a webhook once of a container that goes and once that it is back', async () => {
  const told: string[] = []
  const router = await createTestRouter(
    { WEBHOOK_URL: 'https://hooks.example/', WEBHOOK_SECRET: '0123456789abcdef' },
    {
      fetch: async (url, init) => {
        if (url !== 'https://hooks.example/') return networkFetch(url, init)
        told.push(JSON.parse(String(init.body)).type)
        return new Response()
      },
    },
  )
  const post = () => router.post(ask(), { 'x-router-cache': 'skip' })
  await post()
  readiness.answer(refused)
  container.answer(refused)
  for (let asked = 0; asked < 5; asked++) await post()
  await expect.poll(() => told).toEqual(['local_model.breaker_opened', 'local_model.lost'])
  readiness.answer(() => ready())
  container.answer(answerStream(localMessage()))
  router.advance(20_000)
  await expect
    .poll(async () => {
      await post()
      return told.slice(2)
    })
    .toEqual(['local_model.back'])
})
