/**
 * What the router promises whatever server stands behind as the local model. Each kind of server runs these tests
 * through the whole router; how it speaks on the wire is its own affair.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readEvents, streamedText } from '../support/edge/messages.ts'
import { ask, createTestRouter, type TestRouter } from '../support/edge/router.ts'

/** A server that can be told how to answer the next request. */
export type LocalServer = {
  readonly url: string
  /** The text of every answer. */
  readonly text: string
  /** The name under which clients shall see its model. */
  readonly model: string
  /** Settings that the router needs for it. */
  readonly settings: Readonly<Record<string, string>>
  readonly fail: (how: 'busy' | 'loading' | 'error' | 'unfinished') => void
  /** Lets the next answer begin with thoughts, in the way that this kind of server tells them. */
  readonly think: () => void
  /** Bodies of the requests for answers so far. */
  readonly asked: () => readonly Record<string, unknown>[]
  readonly reset: () => void
  readonly close: () => Promise<void>
}

/** Declares the tests; `start` starts the server. */
export function describeLocalServer(name: string, start: () => Promise<LocalServer>): void {
  let server: LocalServer
  let router: TestRouter
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.close())
  beforeEach(async () => {
    server.reset()
    // Nothing known, nothing broken: each test meets the server for the first time.
    router = await createTestRouter(
      { LOCAL_LLM_URL: server.url, ANTHROPIC_BASE_URL: 'https://api.anthropic.com', ...server.settings },
      { fetch: onlyTo(server.url) },
    )
  })

  test(`${name}: answers whole, with model, finish and usage`, async () => {
    const response = await router.post(ask())
    expect(response.headers.get('x-router-route')).toBe('local')
    const answer = await response.json()
    expect(answer).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: server.model,
      content: [{ type: 'text', text: server.text }],
      stop_reason: 'end_turn',
      usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
    })
  })

  test(`${name}: streams events in the order that clients expect`, async () => {
    const response = await router.post(ask(undefined, { stream: true }))
    expect(response.headers.get('x-router-model')).toBe(server.model)
    const events = readEvents(await response.text())
    expect(streamedText(events)).toBe(server.text)
    const names = events
      .map(({ event }) => event)
      .filter((each) => !/^(content_block_delta|ping)$/.test(each))
    expect(names).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    for (const { event, data } of events) expect(data.type).toBe(event)
  })

  test(`${name}: answers clients of chat completions as well`, async () => {
    const body = {
      model: 'gpt-x',
      messages: ask().messages,
      stream: true,
      stream_options: { include_usage: true },
    }
    const response = await router.post(body, {}, { path: '/v1/chat/completions' })
    const frames = (await response.text())
      .replaceAll(/^:.*\n/gm, '')
      .trim()
      .split('\n\n')
    expect(frames.at(-1)).toBe('data: [DONE]')
    const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.replace(/^data: /, '')))
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(server.text)
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(['stop'])
    expect(chunks.at(-1).usage.completion_tokens).toBeGreaterThan(0)
  })

  test(`${name}: gets system text, turns and limits, and nothing of the router`, async () => {
    const messages = [
      { role: 'user', content: 'Hello!' },
      { role: 'assistant', content: 'Hi.' },
      { role: 'user', content: [{ type: 'text', text: 'How are you?' }] },
    ]
    await router.post({
      ...ask(),
      messages,
      system: 'Be kind.',
      stop_sequences: ['STOP'],
      metadata: { user_id: 'u' },
    })
    const [asked] = server.asked()
    const sent = JSON.stringify(asked)
    for (const part of ['Be kind.', 'Hello!', 'Hi.', 'How are you?', 'STOP']) expect(sent).toContain(part)
    expect(asked?.max_tokens).toBe(64)
    expect(sent).not.toContain('user_id')
  })

  test(`${name}: answers where system messages stand between turns, which chat templates refuse`, async () => {
    const messages = [
      { role: 'user', content: 'Hello!' },
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'How are you?' },
    ]
    const response = await router.post({ ...ask(), messages })
    expect(response.headers.get('x-router-route')).toBe('local')
    if (!Array.isArray(server.asked()[0]?.messages)) throw new Error('no messages were sent')
    if (server.settings.LOCAL_LLM_PROTOCOL === 'openai')
      expect(server.asked()[0]?.messages).toEqual([
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello!\n\nHow are you?' },
      ])
  })

  for (const stream of [false, true])
    test(`${name}: gives no thoughts of its model to the client${stream ? ' (stream)' : ''}`, async () => {
      await router.post(ask())
      server.think()
      const response = await router.post(ask('Hello again! How are you?', { stream }))
      expect(response.headers.get('x-router-route')).toBe('local')
      if (!stream) {
        expect(await response.json()).toMatchObject({ content: [{ type: 'text', text: server.text }] })
        return
      }
      const text = await response.text()
      expect(streamedText(readEvents(text))).toBe(server.text)
      expect(text).not.toMatch(/think|pondering/)
    })

  for (const [how, cause] of [
    ['busy', 'overloaded'],
    ['loading', 'unavailable'],
    ['error', 'error'],
    ['unfinished', 'error'],
  ] as const)
    test(`${name}: Claude answers while it is ${how}`, async () => {
      await router.post(ask())
      server.fail(how)
      const response = await router.post(ask('Hello again! How are you?'))
      expect(response.status).toBe(200)
      expect(response.headers.get('x-router-route')).toBe('claude')
      expect(response.headers.get('x-router-fallback')).toBe(cause)
    })
}

/** Requests to the server go over the network, the rest to the stand-in for Claude in this process. */
function onlyTo(url: string): (input: string, init: RequestInit) => Promise<Response> {
  return async (input, init) => {
    if (input.startsWith(url)) return fetch(input, init)
    const { networkFetch } = await import('../support/edge/upstreams.ts')
    return networkFetch(input, init)
  }
}
