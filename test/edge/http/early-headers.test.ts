/** Streams whose headers go out before anything is decided: comments first, then the answer or one error event. */
import { expect, test } from 'vitest'
import { COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { expectNoCanary, loggedLines } from '../../support/edge/log-collector.ts'
import { claudeMessage, framesOf, readEvents } from '../../support/edge/messages.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import { claude, errorOf, silence, streamOf } from '../../support/edge/upstreams.ts'

const EARLY = { EARLY_HEADERS_MS: '20', HEARTBEAT_MS: '10', CLAUDE_MAX_RETRIES: '0' }
const streamed = ask(COMPLEX_PROMPT, { stream: true })

/** Reads pieces until one satisfies `enough`; returns everything read. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, enough: (text: string) => boolean) {
  let text = ''
  while (!enough(text)) {
    const { done, value } = await reader.read()
    if (done) break
    text += new TextDecoder().decode(value)
  }
  return text
}

function held() {
  const answer = Promise.withResolvers<Response>()
  claude.answer(() => answer.promise)
  return answer
}

async function begin() {
  const response = await (await createTestRouter(EARLY)).post(streamed)
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('no body')
  const comments = await readUntil(reader, (text) => text.split('\n').length > 3)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  expect(comments.replaceAll(': waiting\n', '')).toBe('')
  return { reader, response }
}

/** What follows the comments. */
async function rest(reader: ReadableStreamDefaultReader<Uint8Array>) {
  return (await readUntil(reader, () => false)).replaceAll(': waiting\n', '')
}

test('sends comments until Claude answers, then the whole stream', async () => {
  const answer = held()
  const { reader, response } = await begin()
  expect(response.headers.get('x-router-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
  answer.resolve(streamOf(framesOf(claudeMessage())))
  expect(await rest(reader)).toBe(framesOf(claudeMessage()).join(''))
})

test('makes one error event of Claude’s own error', async () => {
  const answer = held()
  const { reader } = await begin()
  answer.resolve(errorOf('invalid_request_error', 400))
  const events = readEvents(await rest(reader))
  expect(events).toEqual([
    { event: 'error', data: JSON.parse(await errorOf('invalid_request_error', 400).text()) },
  ])
})

test('makes one error event of a Claude that fails', async () => {
  const answer = held()
  const { reader } = await begin()
  answer.reject(new TypeError('fetch failed: internals-canary'))
  const text = await rest(reader)
  const events = readEvents(text)
  expect(events).toMatchObject([{ event: 'error', data: { type: 'error', error: { type: 'api_error' } } }])
  expectNoCanary(text)
})

test('closes Claude when the client leaves while it waits', async () => {
  claude.answer(silence)
  const { reader } = await begin()
  await reader.cancel()
  await expect.poll(() => claude.hits[0]?.signal.aborted).toBe(true)
  await expect.poll(() => loggedLines().some(({ fields }) => fields.outcome === 'cancelled')).toBe(true)
})

test('waits for the verdict where no stream is asked for', async () => {
  const answer = held()
  const pending = (await createTestRouter(EARLY)).post(ask(COMPLEX_PROMPT))
  await expect.poll(() => claude.hits.length).toBe(1)
  answer.resolve(errorOf('not_found_error', 404))
  expect((await pending).status).toBe(404)
})
