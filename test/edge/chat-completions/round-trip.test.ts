/**
 * Properties of the translations: nothing that both formats have is lost on the way there and back, and a stream
 * gives the same result however it is cut into pieces. The way back is written here, apart from the sources.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toChatCompletion } from '../../../edge/chat-completions/chat-completion.ts'
import { toChatCompletionRequest } from '../../../edge/chat-completions/chat-completion-request.ts'
import { createChunkTranslator } from '../../../edge/chat-completions/chunk-translator.ts'
import { toMessagesRequest } from '../../../edge/chat-completions/messages-request.ts'
import { createMessagesTranslator } from '../../../edge/chat-completions/messages-translator.ts'
import { encodeCompletionStreamItem } from '../../../edge/chat-completions/sse-frames.ts'
import { isBlank } from '../../../edge/openai/blank.ts'
import { toOpenAiError } from '../../../edge/openai/openai-error.ts'
import { RouterError } from '../../../shared/errors.ts'
import { collect, type KnownEvent, parseStreamEvent, replay } from '../../../shared/events.ts'
import { type ContentBlock, type Message, type MessageParam, textOf } from '../../../shared/messages.ts'
import { createSseDecoder } from '../../../shared/sse.ts'
import { chunksOf, foldChunks, stream } from './support.ts'

const identity = { id: 'chatcmpl-1', created: 1_700_000_000 }

/** Text without anything to read is no text on this side; conversation.test.ts has it. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((each) => !isBlank(each))
const identifier = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,11}$/)
const input = fc.dictionary(identifier, fc.jsonValue({ maxDepth: 2 }).map(toPlainJson), { maxKeys: 3 })
const count = fc.nat(1_000_000)

/** What JSON keeps of a value: -0 becomes 0. */
function toPlainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

type Call = { id: string; name: string; input: unknown; result: string }
type Turn = { user: string } | { assistant: string; calls: Call[] }

const call: fc.Arbitrary<Call> = fc.record({ id: identifier, name: identifier, input, result: text })
const calls = fc.uniqueArray(call, { maxLength: 3, selector: (each) => each.id })
const turn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({ user: text }),
  fc.record({ assistant: text, calls }),
  fc.record({ assistant: fc.constant(''), calls }).filter((each) => each.calls.length > 0),
)

const conversation = fc.record({
  system: fc.option(text, { nil: undefined }),
  // Ids are unique over the conversation and it ends with the user: what becomes of others is in conversation.test.ts.
  turns: fc
    .tuple(
      fc.uniqueArray(turn, {
        maxLength: 5,
        selector: idsOf,
        comparator: (left, right) => overlap(left, right),
      }),
      fc.record({ user: text }),
    )
    .map(([turns, last]) => [...turns, last]),
  tools: fc.uniqueArray(
    fc.record({
      name: identifier,
      description: text,
      parameters: fc.constant({ type: 'object', properties: {} }),
    }),
    { maxLength: 3, selector: (tool) => tool.name },
  ),
  stop: fc.array(text, { maxLength: 3 }),
  maxTokens: fc.integer({ min: 1, max: 100_000 }),
  temperature: fc.double({ min: 0, max: 1, noNaN: true }),
})

function idsOf(each: Turn): string[] {
  return 'calls' in each ? each.calls.map(({ id }) => id) : []
}

function overlap(left: readonly string[], right: readonly string[]): boolean {
  return left.some((id) => right.includes(id))
}

function toOpenAiMessages(turns: readonly Turn[]): unknown[] {
  return turns.flatMap((each): unknown[] => {
    if ('user' in each) return [{ role: 'user', content: each.user }]
    const tool_calls = each.calls.map(({ id, name, input }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(input) },
    }))
    return [
      { role: 'assistant', content: each.assistant, ...(tool_calls.length > 0 ? { tool_calls } : {}) },
      ...each.calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })),
    ]
  })
}

function toTurns(messages: readonly MessageParam[]): Turn[] {
  const turns: Turn[] = []
  const open = new Map<unknown, Call>()
  for (const { role, content } of messages) {
    const blocks: ContentBlock[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
    if (role === 'assistant') {
      const calls = blocks.flatMap((block): Call[] =>
        block.type === 'tool_use'
          ? [{ id: String(block.id), name: String(block.name), input: block.input, result: '' }]
          : [],
      )
      turns.push({ assistant: textOf(blocks), calls })
      open.clear()
      for (const each of calls) open.set(each.id, each)
    } else if (blocks[0]?.type === 'tool_result') {
      for (const block of blocks) {
        const called = open.get(block.tool_use_id)
        if (called) called.result = String(block.content)
      }
    } else turns.push({ user: textOf(blocks) })
  }
  return turns
}

test('a request loses neither messages nor tools, calls, results, stops or limits', () => {
  fc.assert(
    fc.property(conversation, ({ system, turns, tools, stop, maxTokens, temperature }) => {
      const { request } = toMessagesRequest({
        model: 'auto',
        messages: [...(system ? [{ role: 'system', content: system }] : []), ...toOpenAiMessages(turns)],
        tools: tools.map((tool) => ({ type: 'function', function: tool })),
        stop,
        max_tokens: maxTokens,
        temperature,
      })
      expect(request.system).toBe(system)
      expect(toTurns(request.messages)).toEqual(turns)
      expect(request.tools ?? []).toEqual(
        tools.map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters })),
      )
      expect(request.stop_sequences ?? []).toEqual(stop)
      expect(request.max_tokens).toBe(maxTokens)
      expect(request.temperature).toBe(temperature)
    }),
  )
})

test('a text request to a local server comes back as it went', () => {
  const dialogue = fc
    .array(text, { minLength: 1, maxLength: 7 })
    .filter((texts) => texts.length % 2 === 1)
    .map((texts) =>
      texts.map((content, at): MessageParam => ({ role: at % 2 === 0 ? 'user' : 'assistant', content })),
    )
  fc.assert(
    fc.property(dialogue, fc.option(text, { nil: undefined }), fc.array(text), (messages, system, stops) => {
      const request = {
        model: 'm',
        max_tokens: 9,
        messages,
        stream: true,
        ...(system ? { system } : {}),
        ...(stops.length > 0 ? { stop_sequences: stops } : {}),
      }
      const { request: back, includeUsage } = toMessagesRequest(
        toChatCompletionRequest(request, { model: 'm' }),
      )
      expect(back).toEqual(request)
      expect(includeUsage).toBe(true)
    }),
  )
})

const answer: fc.Arbitrary<Message> = fc
  .record({
    text: fc.option(text, { nil: undefined }),
    calls,
    reason: fc.constantFrom('end_turn', 'max_tokens', 'refusal', 'stop_sequence'),
    usage: fc.record({
      input_tokens: count,
      cache_creation_input_tokens: count,
      cache_read_input_tokens: count,
      output_tokens: count,
      output_tokens_details: fc.record({ thinking_tokens: count }),
    }),
  })
  .map(({ text, calls, reason, usage }) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-5-5',
    content: [
      ...(text === undefined ? [] : [{ type: 'text', text }]),
      ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
    ],
    stop_reason: calls.length > 0 ? 'tool_use' : reason,
    stop_sequence: null,
    usage,
  }))

/** Cuts every text and argument delta into pieces, at places drawn from `cuts`. */
function cutDeltas(events: Iterable<KnownEvent>, cuts: () => number): KnownEvent[] {
  return [...events].flatMap((event): KnownEvent[] => {
    if (event.type !== 'content_block_delta') return [event]
    const { delta } = event
    const field = delta.type === 'text_delta' ? 'text' : 'partial_json'
    const whole = [...(delta[field] ?? '')]
    const pieces: KnownEvent[] = []
    while (whole.length > 0) {
      const piece = whole.splice(0, 1 + (cuts() % 5)).join('')
      pieces.push({ ...event, delta: { ...delta, [field]: piece } })
    }
    return pieces
  })
}

const cutting = fc.infiniteStream(fc.nat(20)).map((numbers) => () => numbers.next().value ?? 0)

test('a stream, folded by the client, equals the whole answer, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(answer, cutting, async (message, cuts) => {
      const events = cutDeltas(replay(message), cuts)
      const whole = toChatCompletion(await collect(stream(events)), identity)
      const translator = createChunkTranslator({ ...identity, includeUsage: true })
      const items = [...events.flatMap(translator.push), ...translator.end()]
      const folded = foldChunks(items)
      const [choice] = whole.choices
      expect(folded.finish).toBe(choice.finish_reason)
      expect(folded.usage).toEqual(whole.usage)
      expect(folded.model).toBe(whole.model)
      expect(folded.refusal).toBe(choice.message.refusal)
      expect(folded.content ?? '').toBe(choice.message.content ?? '')
      expect(folded.calls).toEqual(choice.message.tool_calls ?? [])
      expect(items.at(-1)).toBe('[DONE]')
      expect(chunksOf(items)[0]?.choices[0]?.delta.role).toBe('assistant')
      expect(chunksOf(items).filter((chunk) => chunk.choices[0]?.finish_reason)).toHaveLength(1)
    }),
  )
})

test('an answer that goes out as bytes and comes back through a local server translation is the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      answer.filter(
        (message) => message.stop_reason !== 'refusal' && message.stop_reason !== 'stop_sequence',
      ),
      cutting,
      async (message, cuts) => {
        const out = createChunkTranslator({ ...identity, includeUsage: true })
        const items = [...cutDeltas(replay(message), cuts).flatMap(out.push), ...out.end()]
        const bytes = new TextEncoder().encode(items.map(encodeCompletionStreamItem).join(''))
        const decoder = createSseDecoder()
        const back = createMessagesTranslator({ id: message.id, model: message.model })
        const events: KnownEvent[] = []
        for (let at = 0; at < bytes.length; ) {
          const end = at + 1 + cuts() * 7
          for (const frame of decoder.push(bytes.slice(at, end))) events.push(...back.push(frame.data))
          at = end
        }
        events.push(...back.end())
        const copy = await collect(stream(events))
        expect(copy.content).toEqual(message.content)
        expect(copy.stop_reason).toBe(message.stop_reason)
        expect(toChatCompletion(copy, identity)).toEqual(toChatCompletion(message, identity))
        for (const event of events) expect(parseStreamEvent(JSON.stringify(event))).toEqual(event)
      },
    ),
  )
})

test('no body whatever makes the request translation fail in another way than a clear 400', () => {
  const anything = fc.anything({ maxDepth: 4 })
  const nearly = fc.record(
    {
      model: fc.oneof(fc.constant('auto'), anything),
      messages: fc.oneof(
        fc.array(
          fc.record({ role: fc.constantFrom('user', 'assistant', 'tool', 'system'), content: anything }),
        ),
        anything,
      ),
      tools: anything,
      stop: anything,
      response_format: anything,
      tool_choice: anything,
      n: anything,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(anything, nearly), (body) => {
      try {
        toMessagesRequest(body)
      } catch (error) {
        if (!(error instanceof RouterError)) throw error
        expect(toOpenAiError(error)).toMatchObject({
          status: 400,
          body: { error: { type: 'invalid_request_error' } },
        })
      }
    }),
  )
})

test('no frame whatever makes the answer translation fail in another way than an upstream error', () => {
  const frames = fc.array(
    fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          {
            choices: fc.array(
              fc.record({
                index: fc.constantFrom(0, 1, null),
                delta: fc.record({ content: fc.constantFrom('', 'a', null) }, { requiredKeys: [] }),
                finish_reason: fc.constantFrom('', 'stop', null),
              }),
            ),
            usage: fc.constantFrom(null, {}, { prompt_tokens: 1, completion_tokens: 1 }),
          },
          { requiredKeys: [] },
        )
        .map((chunk) => JSON.stringify(chunk)),
    ),
  )
  fc.assert(
    fc.property(frames, (list) => {
      const translator = createMessagesTranslator({ id: 'msg_1', model: 'm' })
      try {
        for (const data of list) translator.push(data)
        translator.end()
      } catch (error) {
        expect(error).toMatchObject({ code: 'upstream' })
      }
    }),
  )
})
