/**
 * The Responses API as its own clients read it, through the whole router in this process: streams that are split at any
 * byte, OpenAI's SDK, its Agents SDK and the AI SDK.
 */
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { WEATHER } from '../clients/library.ts'
import {
  accumulate,
  createClient,
  type Fetch,
  makeObject,
  parseCity,
  runAgent,
  runAiSdk,
} from '../clients/responses-programs.ts'
import { ALICE_KEY, COMPLEX_PROMPT } from '../support/edge/canaries.ts'
import { claudeMessage, framesOf, readEvents } from '../support/edge/messages.ts'
import { createTestRouter, type TestRouter } from '../support/edge/router.ts'
import { answerNonStreaming, claude, streamOf } from '../support/edge/upstreams.ts'

const THINKING = { type: 'thinking', thinking: 'Größe? Hm.', signature: 'sig-1' }
const ANSWER = claudeMessage({
  content: [
    THINKING,
    { type: 'text', text: 'Grüße, 世界 🌍\r\n' },
    { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Tromsø', days: [1, 2] } },
  ],
  stop_reason: 'tool_use',
})
const BYTES = new TextEncoder().encode(framesOf(ANSWER).join(''))

let router: TestRouter
let fetchRouter: Fetch
beforeEach(async () => {
  router = await createTestRouter({ LLM_STRATEGY: 'claude_only', CACHE_TTL_SECONDS: '0' })
  fetchRouter = (input, init) => router.fetch(new Request(input, init))
})

async function stream(): Promise<string> {
  const body = { model: 'gpt-x', stream: true, store: false, input: COMPLEX_PROMPT }
  return await (await router.post(body, {}, { path: '/v1/responses' })).text()
}

/** Ids differ from request to request. */
const withoutIds = (text: string) => text.replaceAll(/^:.*\n/gm, '').replaceAll(/[0-9a-f]{32}/g, 'id')

test('a stream that is split at any byte translates the same', async () => {
  claude.answer(() => streamOf([BYTES]))
  const whole = withoutIds(await stream())
  expect(whole).toContain('Grüße, 世界 🌍')
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(BYTES.length), { maxLength: 12 }), async (cuts) => {
      const edges = [0, ...cuts.toSorted((left, right) => left - right), BYTES.length]
      const pieces = edges.slice(1).map((end, index) => BYTES.subarray(edges[index], end))
      claude.answer(() => streamOf(pieces))
      expect(withoutIds(await stream())).toBe(whole)
    }),
    { numRuns: 60 },
  )
  claude.answer(() => streamOf([...BYTES].map((byte) => Uint8Array.of(byte))))
  expect(withoutIds(await stream())).toBe(whole)
})

/** A line separator of Unicode's is no end of a line in a stream. */
const words = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('one\u2028: two\u2029data: three\u0085'))
const block = fc.oneof(
  words.map((text) => ({ type: 'text', text })),
  words.map((thinking) => ({ type: 'thinking', thinking, signature: 's' })),
  fc.dictionary(fc.string(), fc.integer()).map((input) => ({ type: 'tool_use', name: 'f', input })),
)

test('OpenAI’s own accumulator accepts every stream, and makes the whole answer of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(block, { maxLength: 5 }),
      fc.constantFrom('end_turn', 'max_tokens', 'tool_use', 'refusal'),
      async (blocks, stop_reason) => {
        const content = blocks.map((each, at) => ('input' in each ? { ...each, id: `toolu_${at}` } : each))
        claude.answer(() => streamOf(framesOf(claudeMessage({ content, stop_reason }))))
        const events = readEvents(await stream()).map(({ data }) => data)
        const { response } = events.at(-1) ?? {}
        expect(await accumulate(events)).toMatchObject({ ...Object(response) })
      },
    ),
    { numRuns: 60 },
  )
})

test('the SDK parses answers of a demanded form, at once and as a stream', async () => {
  claude.answer(answerNonStreaming(claudeMessage({ content: [{ type: 'text', text: '{"city":"Oslo"}' }] })))
  const cities = await parseCity(createClient(fetchRouter, ALICE_KEY), COMPLEX_PROMPT)
  expect(cities).toEqual([{ city: 'Oslo' }, { city: 'Oslo' }])
  expect(await makeObject(fetchRouter, ALICE_KEY, COMPLEX_PROMPT)).toEqual({ city: 'Oslo' })
  expect(JSON.parse(claude.hits[0]?.text ?? '').output_config.format.schema.additionalProperties).toBe(false)
})

test('the SDK reads, lists and deletes what is kept', async () => {
  const client = createClient(fetchRouter, ALICE_KEY)
  const created = await client.responses.create({ model: 'auto', input: COMPLEX_PROMPT })
  const kept = await client.responses.retrieve(created.id)
  expect(kept.output_text).toBe(created.output_text)
  const items: unknown[] = []
  for await (const item of client.responses.inputItems.list(created.id)) items.push(item)
  expect(items).toMatchObject([{ type: 'message', role: 'user', content: [{ text: COMPLEX_PROMPT }] }])
  await client.responses.delete(created.id)
  await expect(client.responses.retrieve(created.id)).rejects.toMatchObject({ status: 404 })
  await expect(
    client.responses.create({ model: 'auto', input: 'x', previous_response_id: created.id }),
  ).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' })
})

test('the SDK counts the tokens of a request', async () => {
  const { responses } = createClient(fetchRouter, ALICE_KEY)
  const counted = await responses.inputTokens.count({ model: 'auto', input: COMPLEX_PROMPT })
  expect(counted).toEqual({ object: 'response.input_tokens', input_tokens: 42 })
})

test('the SDK throws what went wrong before a stream began', async () => {
  claude.answer(() => Response.json({}, { status: 500 }))
  const client = createClient(fetchRouter, ALICE_KEY)
  await expect(
    client.responses.create({ model: 'auto', input: COMPLEX_PROMPT, stream: true }),
  ).rejects.toMatchObject({ status: 502 })
})

/** Calls the tool in every conversation's first turn, then repeats what it said. */
function callTheTool(): void {
  const call = { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } }
  claude.answer((hit, index) => {
    const { messages }: { messages: { content: unknown }[] } = JSON.parse(hit.text)
    const asked = JSON.stringify(messages.at(-1)?.content)
    const text = asked.includes('tool_result') ? `It is ${WEATHER}.` : `Turns: ${messages.length}`
    const message = asked.includes('Weather')
      ? claudeMessage({ content: [THINKING, call], stop_reason: 'tool_use' })
      : claudeMessage({ content: [{ type: 'text', text }] })
    return answerNonStreaming(message)(hit, index)
  })
}

test.each([true, false])('agents use tools and go on with conversations (stored: %s)', async (store) => {
  callTheTool()
  const said = await runAgent(createClient(fetchRouter, ALICE_KEY), ['Weather in Oslo?', 'And then?'], store)
  expect(said).toEqual([`It is ${WEATHER}.`, 'Turns: 5'])
})

test.each([true, false])('the AI SDK uses tools and shows reasoning (stored: %s)', async (store) => {
  callTheTool()
  expect(await runAiSdk(fetchRouter, ALICE_KEY, 'Weather in Oslo?', store)).toEqual({
    text: `It is ${WEATHER}.`,
    reasoning: 'Größe? Hm.',
    steps: 2,
  })
  const { messages }: { messages: { content: unknown[] }[] } = JSON.parse(claude.hits[1]?.text ?? '')
  expect(messages[1]?.content).toMatchObject([THINKING, { type: 'tool_use', id: 'toolu_1' }])
})
