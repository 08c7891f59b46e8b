import { expect, test } from 'vitest'
import type { AppContext } from '../../../edge/http/context.ts'
import { familyOnDemand, onDemand } from '../../../edge/http/on-demand.ts'

const context = {} as AppContext

test('makes a handler for its first request, and not again', async () => {
  let made = 0
  const handle = onDemand(async () => {
    made += 1
    return () => new Response('there')
  })
  expect(made).toBe(0)
  for (let at = 0; at < 3; at += 1) expect(await (await handle(context)).text()).toBe('there')
  expect(made).toBe(1)
})

test('gives all handlers of a family, and all of its first requests, the same one', async () => {
  const family = familyOnDemand(async () => {
    let asked = 0
    const count = () => new Response(String(++asked))
    return { one: count, other: count }
  })
  const answers = await Promise.all(
    [family('one'), family('other'), family('one')].map(async (handle) => (await handle(context)).text()),
  )
  expect(answers).toEqual(['1', '2', '3'])
  expect(await (await family('other')(context)).text()).toBe('4')
})

test('makes it anew for the next request where that failed', async () => {
  let tries = 0
  const handle = onDemand(async () => {
    tries += 1
    if (tries === 1) throw new Error('not this time')
    return () => new Response('there')
  })
  await expect(handle(context)).rejects.toThrow('not this time')
  expect(await (await handle(context)).text()).toBe('there')
})
