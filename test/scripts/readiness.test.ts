import { expect, test } from 'vitest'
import { waitForAnswer, waitForModel } from '../../scripts/stack/readiness.ts'

const pause = async () => {}
const URL = 'http://127.0.0.1:1/readyz'

test('the edge is up as soon as it answers anything', async () => {
  const answers = [undefined, undefined, new Response('{}', { status: 503 })]
  expect(await waitForAnswer(URL, { fetch: replay(answers), pause, signal: never() })).toBe(true)
})

test('the container is ready at 200 only, and tells its model', async () => {
  const answers = [undefined, new Response('{}', { status: 503 }), Response.json({ model: 'Small-1B' })]
  expect(await waitForModel(URL, { fetch: replay(answers), pause, signal: never() })).toBe('Small-1B')
})

test('a container that names no model is ready all the same', async () => {
  for (const body of ['{}', 'ready', '[]', '{"model":5}'])
    expect(await waitForModel(URL, { fetch: replay([new Response(body)]), pause, signal: never() })).toBe('')
})

test('stops waiting when asked to', async () => {
  const stopped = new AbortController()
  const fetch = async () => {
    stopped.abort()
    throw new Error('refused')
  }
  const deps = { fetch, pause, signal: stopped.signal }
  expect(await waitForAnswer(URL, deps)).toBe(false)
  expect(await waitForModel(URL, deps)).toBeUndefined()
})

function replay(answers: (Response | undefined)[]): typeof fetch {
  return async () => {
    const answer = answers.shift()
    if (answer === undefined) throw new TypeError('fetch failed')
    return answer
  }
}

function never(): AbortSignal {
  return new AbortController().signal
}
