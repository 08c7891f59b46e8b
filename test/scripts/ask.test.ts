import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { createAsk, readAnswer } from '../../scripts/ask.ts'

test('tells status and body', async () => {
  const ask = createAsk(async () => new Response('hello', { status: 418 }), 1_000)
  expect(await ask('http://127.0.0.1/')).toEqual({ status: 418, body: 'hello' })
})

test('no answer is undefined, not an error', async () => {
  const ask = createAsk(async () => {
    throw new TypeError('fetch failed')
  }, 1_000)
  expect(await ask('http://127.0.0.1/')).toBeUndefined()
})

test('gives up on a server that accepts and says nothing', async () => {
  const ask = createAsk(
    (_url, init) =>
      new Promise((_settle, fail) => {
        init?.signal?.addEventListener('abort', () => fail(new Error('aborted')))
      }),
    1,
  )
  expect(await ask('http://127.0.0.1/')).toBeUndefined()
})

test('posts JSON where there is some, and follows no redirect with a key', async () => {
  const seen: (RequestInit | undefined)[] = []
  const ask = createAsk(async (_url, init) => {
    seen.push(init)
    return new Response('', { status: 200 })
  }, 1_000)
  await ask('http://127.0.0.1/', { headers: { 'x-api-key': 'k' }, json: { a: 1 } })
  await ask('http://127.0.0.1/')
  expect(seen).toMatchObject([
    {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'x-api-key': 'k' },
      redirect: 'manual',
    },
    { headers: {}, redirect: 'manual' },
  ])
})

test('reads only what has the shape', () => {
  const schema = z.object({ a: z.number() })
  expect(readAnswer({ status: 200, body: '{"a":1}' }, schema)).toEqual({ a: 1 })
  for (const body of ['', '<html>', '{"a":"1"}', 'null'])
    expect(readAnswer({ status: 200, body }, schema), body).toBeUndefined()
})
