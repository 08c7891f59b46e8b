/**
 * Every client library against the whole product, changed in nothing but its address and key: local answers, Claude's,
 * tools, errors, leaving. What came out is read through each library's own interface.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { LIBRARIES } from '../../clients/libraries.ts'
import { WEATHER } from '../../clients/library.ts'
import { COMPLEX, SIMPLE } from '../../support/stack-client.ts'
import { framesUntilText, streamHead } from '../../support/upstream-messages.ts'
import { chunk } from '../../support/upstream-steps.ts'
import {
  AFTER_TOOL,
  CLAUDE_MODEL,
  CLAUDE_SAYS,
  CLAUDE_USAGE,
  claudeFails,
  pingUntilClosed,
} from './claude-conversation.ts'
import { type ClientStack, LOCAL_PATH, ROUTER_KEY, startClientStack } from './client-stack.ts'

let stack: ClientStack
beforeAll(async () => {
  stack = await startClientStack(() => ({ name: 'get_weather', input: { city: 'Oslo' } }))
})
afterAll(() => stack?.stop())
beforeEach(() => stack.reset())

const CLAUDE_READ = {
  text: CLAUDE_SAYS,
  model: CLAUDE_MODEL,
  inputTokens: CLAUDE_USAGE.input_tokens,
  outputTokens: CLAUDE_USAGE.output_tokens,
}

const FIRST_MESSAGE = { messages: 'messages.0', 'chat completions': 'messages[0]', responses: 'input[0]' }

for (const library of LIBRARIES) {
  const connect = (basePath?: string) => library.connect({ url: stack.url, apiKey: ROUTER_KEY }, basePath)
  const caught = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail('an error was expected'),
      (error: unknown) => library.readError(error),
    )

  test(`${library.name}: a simple question is answered by the local model`, async () => {
    const answer = await connect().ask({ prompt: SIMPLE })
    expect(answer.text).not.toBe('')
    expect(answer.model).toBe(stack.localModel)
    expect(Object.values(library.finishes)).toContain(answer.finish)
    expect(answer.inputTokens).toBeGreaterThan(0)
    expect(answer.outputTokens).toBeGreaterThan(0)
    expect(stack.claude.hits).toHaveLength(0)
  })

  test(`${library.name}: a local answer that is cut at its limit says so`, async () => {
    const asked = connect().ask({ prompt: SIMPLE, maxTokens: 2 })
    const { cut } = library.finishes
    if (cut === undefined) return expect(asked).rejects.toThrow(/incomplete/)
    expect(await asked).toMatchObject({ finish: cut, outputTokens: 2, model: stack.localModel })
  })

  test(`${library.name}: a local answer streams piece by piece`, async () => {
    const answer = await connect().stream({ prompt: SIMPLE })
    expect(answer.pieces.length).toBeGreaterThan(1)
    expect(answer.pieces.join('')).toBe(answer.text)
    expect(answer.model).toBe(stack.localModel)
    expect(answer.inputTokens).toBeGreaterThan(0)
    expect(answer.outputTokens).toBeGreaterThan(0)
    expect(Object.values(library.finishes)).toContain(answer.finish)
    expect(stack.claude.hits).toHaveLength(0)
  })

  test(`${library.name}: Claude answers what is complex, whole and as a stream`, async () => {
    const expected = { ...CLAUDE_READ, finish: library.finishes.complete }
    for (const basePath of library.basePaths) {
      expect(await connect(basePath).ask({ prompt: COMPLEX })).toMatchObject(expected)
      expect(await connect(basePath).stream({ prompt: COMPLEX })).toMatchObject(expected)
    }
    expect(stack.container.passed.filter(({ path }) => path === LOCAL_PATH)).toHaveLength(0)
  })

  test(`${library.name}: Claude answers when the container fails`, async () => {
    stack.container.failNext(LOCAL_PATH)
    expect(await connect().ask({ prompt: SIMPLE })).toMatchObject({ ...CLAUDE_READ })
    stack.container.failNext(LOCAL_PATH)
    expect(await connect().stream({ prompt: SIMPLE })).toMatchObject({ ...CLAUDE_READ })
    expect(stack.claude.hits).toHaveLength(2)
    // The next one must find the container trusted again.
    expect((await connect().ask({ prompt: SIMPLE })).model).toBe(stack.localModel)
  })

  test(`${library.name}: a tool is called by Claude and its result goes back`, async () => {
    const turn = await connect().useTool('What is the weather in Oslo?')
    expect(turn).toEqual({ input: { city: 'Oslo' }, text: `${AFTER_TOOL}${WEATHER}` })
    expect(stack.claude.hits).toHaveLength(2)
    expect(stack.container.passed.filter(({ path }) => path === LOCAL_PATH)).toHaveLength(0)
  })

  test(`${library.name}: what Claude says about a bad request reaches the program`, async () => {
    const words = 'messages.0: too many flying saucers'
    stack.claude.next(claudeFails(400, 'invalid_request_error', words))
    const error = await caught(connect().ask({ prompt: COMPLEX }))
    expect(error.status).toBe(400)
    // OpenAI's clients read of fields as they sent them.
    const spelled = words.replace('messages.0', FIRST_MESSAGE[library.dialect])
    expect(error.message).toContain(spelled)
    expect(stack.claude.hits).toHaveLength(1)
  })

  test(`${library.name}: a wrong key is a 401 that says where the right one goes`, async () => {
    const client = library.connect({ url: stack.url, apiKey: 'not-a-key-of-this-router' })
    const error = await caught(client.ask({ prompt: SIMPLE }))
    expect(error.status).toBe(401)
    expect(error.message).toContain('x-api-key')
    expect(stack.claude.hits).toHaveLength(0)
  })

  test(`${library.name}: an overloaded Claude is asked twice in all, however eager the library`, async () => {
    const overloaded = claudeFails(529, 'overloaded_error', 'Overloaded', { 'retry-after-ms': '1' })
    stack.claude.next(overloaded, overloaded, overloaded, overloaded, overloaded, overloaded)
    const error = await caught(connect().ask({ prompt: COMPLEX }))
    expect(error.status).toBe(library.dialect === 'messages' ? 529 : 503)
    expect(error.message).toContain('Overloaded')
    expect(stack.claude.hits).toHaveLength(2)
  })

  test(`${library.name}: leaving in the middle of a stream closes Claude's`, async () => {
    const pieces = { model: CLAUDE_MODEL, pieces: ['Once', ' upon'] }
    stack.claude.next([streamHead, chunk(framesUntilText(pieces, 1)), pingUntilClosed])
    const controller = new AbortController()
    const work = connect().stream({
      prompt: COMPLEX,
      signal: controller.signal,
      onText: () => controller.abort(),
    })
    await expect(work).rejects.toThrow()
    await stack.claude.hits[0]?.closed
  })
}
