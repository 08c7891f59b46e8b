/** Claude's list of models: remembered, each client's own where keys are theirs, and never a reason to fail. */
import { expect, test } from 'vitest'
import { createModelLister } from '../../../../edge/providers/claude/list-models.ts'
import type { Fetch } from '../../../../edge/providers/provider.ts'
import type { ClaudeConfig } from '../../../../edge/settings/core-settings.ts'
import { claudeSettings } from '../../../support/edge/claude-settings.ts'
import { collectLog, expectNoCanary, loggedLines } from '../../../support/edge/log-collector.ts'
import { routerRequest } from '../../../support/edge/requests.ts'

const list = { data: [{ type: 'model', id: 'claude-haiku-5-5', new_field: 1 }], has_more: false }

function listerOf(fetch: Fetch, config: Partial<ClaudeConfig> = {}) {
  const clock = { now: 0 }
  const asked: Headers[] = []
  const lister = createModelLister({
    config: claudeSettings(config),
    fetch: (url, init) => {
      asked.push(new Headers(init.headers))
      return fetch(url, init)
    },
    log: collectLog,
    now: () => clock.now,
  })
  return { lister, asked, clock }
}

test('gives the list with fields that this version does not know, and asks again only after five minutes', async () => {
  const { lister, asked, clock } = listerOf(async () => Response.json(list))
  expect(await lister(routerRequest())).toEqual(list.data)
  clock.now = 300_000
  await lister(routerRequest())
  expect(asked).toHaveLength(1)
  clock.now = 300_001
  await lister(routerRequest())
  expect(asked).toHaveLength(2)
})

test('keeps the list that it has while Claude gives none', async () => {
  let fails = false
  const { lister, clock } = listerOf(async () =>
    fails ? new Response('', { status: 500 }) : Response.json(list),
  )
  await lister(routerRequest())
  fails = true
  clock.now = 300_001
  expect(await lister(routerRequest())).toEqual(list.data)
})

test('gives each client the list of its own key', async () => {
  const { lister, asked } = listerOf(async () => Response.json(list), { keySource: 'client' })
  for (const value of ['one', 'two'])
    await lister(routerRequest(undefined, { clientCredential: { header: 'x-api-key', value } }))
  expect(asked.map((headers) => headers.get('x-api-key'))).toEqual(['one', 'two'])
})

test.each<[string, Fetch]>([
  ['refuses', async () => Response.json({ type: 'error' }, { status: 401 })],
  ['answers with something else', async () => Response.json({ models: [] })],
  ['answers with a page', async () => new Response('<html>internals-canary')],
  ['cannot be reached', () => Promise.reject(new TypeError('internals-canary'))],
])('gives an empty list and a log line without details where Claude %s', async (_what, fetch) => {
  expect(await listerOf(fetch).lister(routerRequest())).toEqual([])
  expect(loggedLines()).toMatchObject([
    { message: '[Router] Claude gives no list of models', level: 'error' },
  ])
  expectNoCanary(JSON.stringify(loggedLines()))
})

test('asks nobody where there is no key', async () => {
  const { lister, asked } = listerOf(async () => Response.json(list), { apiKey: undefined })
  expect(await lister(routerRequest())).toEqual([])
  expect(asked).toEqual([])
})
