/**
 * The official SDKs as the judges of our answers: every good stream completes, every broken one throws, refusals have
 * their types, and retries are not multiplied. Stand-ins for container and Claude behind a real edge.
 */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ChatStreams, createChatStreams } from '../clients/chat-streams.ts'
import { COMPLEX, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import type { Script, Upstream } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_REQUEST_ID,
  claudeRefuses,
  frame,
  framesUntilText,
  LOCAL_ANSWER,
  stream,
  streamFrames,
  streamHead,
  textFrame,
} from '../support/upstream-messages.ts'
import { chunk, complete, finish, hold, repeat, reset } from '../support/upstream-steps.ts'

let stack: FaultStack
let sdk: Anthropic
let chat: ChatStreams
beforeAll(async () => {
  stack = await startFaultStack({ EARLY_HEADERS_MS: '1000', HEARTBEAT_MS: '100', CLAUDE_HEADERS_MS: '2500' })
  // Retries stay as they are by default: two.
  sdk = new Anthropic({ apiKey: 'any', baseURL: stack.edge.url })
  chat = createChatStreams(stack.edge.url)
})
afterAll(() => stack?.stop())
beforeEach(() => stack.recover())

type Side = { readonly name: string; readonly question: string; readonly text: string }
const sides: readonly Side[] = [
  { name: 'local', question: SIMPLE, text: LOCAL_ANSWER.pieces.join('') },
  { name: 'Claude', question: COMPLEX, text: CLAUDE_ANSWER.pieces.join('') },
]
const params = (content: string) => ({
  model: 'auto',
  max_tokens: 64,
  messages: [{ role: 'user' as const, content }],
})

test.each(sides)('a good answer of $name is complete: whole, accumulated and as raw events', async (side) => {
  const whole = await sdk.messages.create(params(side.question))
  expect(textOf(whole)).toBe(side.text)
  const accumulated = await sdk.messages.stream(params(side.question)).finalMessage()
  expect(textOf(accumulated)).toBe(side.text)
  expect(accumulated.stop_reason).toBe('end_turn')
  expect(await rawEvents(side.question)).toEqual([
    'message_start',
    'content_block_start',
    ...(side.name === 'local' ? LOCAL_ANSWER : CLAUDE_ANSWER).pieces.map(() => 'content_block_delta'),
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
})

const endings: readonly (readonly [string, Script])[] = [
  ['closes', [finish]],
  ['resets', [reset]],
  ['ends without message_stop', [complete]],
  ['stalls', [hold]],
  ['breaks off inside an event', [chunk('event: content_block_delta\ndata: {"ty'), finish]],
  [
    'sends an error event',
    [chunk(frame({ type: 'error', error: { type: 'overloaded_error', message: 'x' } }))],
  ],
]
const broken = sides.flatMap((side) => endings.map(([ending, script]) => ({ ...side, ending, script })))

test.each(broken)(
  'F7 F9 F10 F31 F32 a stream throws in every form of both SDKs when $name $ending',
  async (side) => {
    const { name, question, text, script } = side
    const answer = name === 'local' ? LOCAL_ANSWER : CLAUDE_ANSWER
    const upstream = upstreamOf(name)
    const broken = [streamHead, chunk(framesUntilText(answer, 1)), ...script]
    let heard = ''
    const accumulated = () =>
      sdk.messages
        .stream(params(question))
        .on('text', (piece) => {
          heard += piece
        })
        .finalMessage()
    upstream.next(broken)
    await expect(accumulated()).rejects.toThrow(Anthropic.APIError)
    expect(heard).toBe(answer.pieces[0])
    expect(text.startsWith(heard)).toBe(true)
    upstream.next(broken)
    await expect(rawEvents(question)).rejects.toThrow(Anthropic.APIError)
    expectOnlyThisSide(name)
    // A third failure in a row would open the breaker.
    if (name === 'local') await stack.recover()
    stack.claude.reset()
    for (const form of [chat.accumulated, chat.raw]) {
      upstream.next(broken)
      const thrown = await form(question).then(
        (given) => expect.fail(`ended as if it were whole: ${JSON.stringify(given)}`),
        (error: unknown) => error,
      )
      expect(chat.isApiError(thrown)).toBe(true)
    }
    expectOnlyThisSide(name)
  },
)

test.each(sides)('a good stream of $name is complete for OpenAI’s SDK', async ({ question, text }) => {
  expect(await chat.accumulated(question)).toEqual({ text, finish: 'stop' })
  expect(await chat.raw(question)).toEqual({ text, finishes: 1 })
})

test('a stream whose headers were sent early completes, or throws what came instead', async () => {
  stack.claude.next([...repeat(() => {}, 15, 100), ...stream(streamFrames(CLAUDE_ANSWER))])
  expect(textOf(await sdk.messages.stream(params(COMPLEX)).finalMessage())).toBe('Greetings from Claude.')
  stack.claude.next([hold])
  await expect(sdk.messages.stream(params(COMPLEX)).finalMessage()).rejects.toThrow(/time/)
})

test.each([
  [400, 'invalid_request_error', Anthropic.BadRequestError, 1],
  [401, 'authentication_error', Anthropic.InternalServerError, 1],
  [404, 'not_found_error', Anthropic.NotFoundError, 1],
  [429, 'rate_limit_error', Anthropic.RateLimitError, 1],
  [500, 'api_error', Anthropic.InternalServerError, 2],
  [529, 'overloaded_error', Anthropic.InternalServerError, 2],
])(
  'a %i of Claude’s has its type and is asked for no more than the router does',
  async (status, type, kind, hits) => {
    const refusal = claudeRefuses(status, type)
    stack.claude.next(...Array.from({ length: 6 }, () => refusal))
    const error = await sdk.messages.create(params(COMPLEX)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(kind)
    expect(stack.claude.hits).toHaveLength(hits)
    if (status !== 401) expect(error).toMatchObject({ requestID: CLAUDE_REQUEST_ID })
  },
)

test('an error of the router’s own has its type, its request id and a message to act on', async () => {
  const error = await sdk.messages
    .create({ ...params(SIMPLE), max_tokens: -1 })
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Anthropic.BadRequestError)
  expect(error).toMatchObject({
    message: expect.stringContaining('max_tokens'),
    requestID: expect.stringMatching(/^req_/),
  })
})

test.each(sides)('aborting a stream of $name closes the request behind it', async ({ name, question }) => {
  const answer = name === 'local' ? LOCAL_ANSWER : CLAUDE_ANSWER
  const upstream = upstreamOf(name)
  upstream.next([
    streamHead,
    chunk(framesUntilText(answer, 1)),
    ...repeat(chunk(textFrame('more ')), 100, 50),
  ])
  const running = sdk.messages.stream(params(question))
  running.on('text', () => running.abort())
  await expect(running.finalMessage()).rejects.toThrow(Anthropic.APIUserAbortError)
  await upstream.hits[0]?.closed
})

/** Each of two streams was asked for once, and the other side not at all. */
function expectOnlyThisSide(name: string): void {
  expect(upstreamOf(name).hits).toHaveLength(2)
  expect(upstreamOf(name === 'local' ? 'Claude' : 'local').hits).toHaveLength(0)
}

function upstreamOf(name: string): Upstream {
  return name === 'local' ? stack.container : stack.claude
}

async function rawEvents(question: string): Promise<string[]> {
  const types: string[] = []
  for await (const event of await sdk.messages.create({ ...params(question), stream: true }))
    types.push(event.type)
  return types
}

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}
