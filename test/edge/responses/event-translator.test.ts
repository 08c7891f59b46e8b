import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventTranslator, type ResponseEvent } from '../../../edge/responses/event-translator.ts'
import { parseResponsesRequest } from '../../../edge/responses/request-schema.ts'
import { createFrame, responseOfItem } from '../../../edge/responses/response-object.ts'
import { RouterError } from '../../../shared/errors.ts'
import { type KnownEvent, replay } from '../../../shared/events.ts'
import type { Message } from '../../../shared/messages.ts'
import { answer } from '../chat-completions/support.ts'

const ID = `resp_${'0'.repeat(31)}1`
const TERMINAL = /^(response\.(completed|incomplete|failed)|error)$/

function translator(encryptedContent = false, logprobs = false) {
  const request = parseResponsesRequest({ model: 'auto', input: 'Hi' })
  return createEventTranslator({
    frame: createFrame(request, { id: ID, createdAt: 1, store: true }),
    names: (path) => path,
    logprobs,
    encryptedContent,
    now: () => 2,
  })
}

function translate(events: Iterable<KnownEvent>, encryptedContent = false, logprobs = false) {
  const { push, outcome, complete, end } = translator(encryptedContent, logprobs)
  const written: ResponseEvent[] = []
  for (const event of events) {
    written.push(...push(event))
    if (outcome() !== undefined) written.push(...complete(true).events)
  }
  written.push(...end())
  return written
}

const last = (events: readonly ResponseEvent[]) => events.at(-1)
const responseIn = (events: readonly ResponseEvent[]) => last(events)?.response
const typesOf = (events: readonly ResponseEvent[]) => events.map(({ type }) => type)

const THINKING = { type: 'thinking', thinking: 'Hm.', signature: 'sig' }
const CALL = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } }

test('thinking, text and calls are items one after another', () => {
  const message = answer({
    content: [THINKING, { type: 'text', text: 'Hello ' }, { type: 'text', text: 'you' }, CALL],
    stop_reason: 'tool_use',
    usage: {
      input_tokens: 10,
      cache_creation_input_tokens: 4,
      cache_read_input_tokens: 2,
      output_tokens: 3,
      output_tokens_details: { thinking_tokens: 1 },
    },
  })
  const events = translate(replay(message))
  expect(typesOf(events)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.reasoning_summary_part.added',
    'response.reasoning_summary_text.delta',
    'response.reasoning_summary_text.done',
    'response.reasoning_summary_part.done',
    'response.output_item.done',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.output_item.added',
    'response.function_call_arguments.delta',
    'response.function_call_arguments.done',
    'response.output_item.done',
    'response.completed',
  ])
  expect(responseIn(events)).toMatchObject({
    id: ID,
    status: 'completed',
    completed_at: 2,
    output: [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { type: 'message', content: [{ type: 'output_text', text: 'Hello you', annotations: [] }] },
      { type: 'function_call', call_id: 'toolu_1', name: 'f', arguments: '{"a":1}', status: 'completed' },
    ],
    usage: {
      input_tokens: 16,
      input_tokens_details: { cached_tokens: 2, cache_write_tokens: 4 },
      output_tokens: 3,
      output_tokens_details: { reasoning_tokens: 1 },
      total_tokens: 19,
    },
  })
})

test('what Claude wants back of its reasoning is shown where it is asked for, and always kept', () => {
  const message = answer({ content: [THINKING, { type: 'redacted_thinking', data: 'x' }] })
  expect(JSON.stringify(translate(replay(message)))).not.toContain('encrypted_content')
  const output = [{ encrypted_content: expect.stringContaining('claude-thinking:') }, { summary: [] }, {}]
  expect(responseIn(translate(replay(message), true))).toMatchObject({ output })
  const { push, outcome } = translator()
  for (const event of replay(message)) push(event)
  expect(outcome()).toMatchObject({ output })
})

test('an answer that was cut is incomplete, and so is its last item', () => {
  for (const stop_reason of ['max_tokens', 'model_context_window_exceeded'])
    expect(responseIn(translate(replay(answer({ stop_reason }))))).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    })
})

test('an answer without a word is an empty message, so that agents end', () => {
  const events = translate(replay(answer({ content: [] })))
  expect(responseIn(events)).toMatchObject({
    status: 'completed',
    output: [{ type: 'message', content: [{ type: 'output_text', text: '' }] }],
  })
})

test('calls without arguments have an empty object', () => {
  const events = translate([
    ...[...replay(answer({ content: [{ ...CALL, input: {} }] }))].filter(
      ({ type }) => type !== 'content_block_delta',
    ),
  ])
  expect(responseIn(events)).toMatchObject({ output: [{ arguments: '{}' }] })
})

test('log-probabilities of the local model stand at the text', () => {
  const [start, block, , ...rest] = replay(answer())
  if (start === undefined || block === undefined) throw new Error('no events')
  const delta = { type: 'text_delta', text: 'Hello!', logprob: -0.5 }
  const events = translate(
    [start, block, { type: 'content_block_delta', index: 0, delta }, ...rest],
    false,
    true,
  )
  expect(responseIn(events)).toMatchObject({
    output: [{ content: [{ logprobs: [{ token: 'Hello!', logprob: -0.5, top_logprobs: [] }] }] }],
  })
})

test('errors before the first event are an event of their own, later ones a failed response', () => {
  const early = translator().fail(new RouterError('rate_limited', 'Too many.'))
  expect(early).toMatchObject([{ type: 'error', sequence_number: 0, message: 'Too many.', param: null }])
  const { push, fail, end } = translator()
  for (const event of [...replay(answer())].slice(0, 3)) push(event)
  const late = push({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
  expect(late).toMatchObject([
    { type: 'response.failed', response: { error: { code: 'server_error', message: 'Overloaded' } } },
  ])
  expect([...fail(new RouterError('upstream', 'x')), ...end(), ...push({ type: 'message_stop' })]).toEqual([])
})

test('items name the response that they belong to', () => {
  const events = translate(replay(answer({ content: [THINKING, { type: 'text', text: 'x' }, CALL] })))
  const items = events.flatMap(({ item }) => (typeof item === 'object' && item !== null ? [item] : []))
  for (const item of items) expect(responseOfItem(String(Reflect.get(item, 'id')))).toBe(ID)
  expect(responseOfItem('msg_of_somebody_else')).toBeUndefined()
})

const textBlock = fc.string().map((text) => ({ type: 'text', text }))
const callBlock = fc
  .record({
    id: fc.stringMatching(/^[a-z]{1,8}$/),
    name: fc.constant('f'),
    input: fc.dictionary(fc.string(), fc.integer()),
  })
  .map((fields) => ({ type: 'tool_use', ...fields }))
const thinkingBlock = fc.string().map((thinking) => ({ type: 'thinking', thinking, signature: 's' }))
const anyMessage = fc
  .record({
    content: fc.array(fc.oneof(textBlock, callBlock, thinkingBlock), { maxLength: 6 }),
    stop_reason: fc.constantFrom(
      'end_turn',
      'max_tokens',
      'tool_use',
      'refusal',
      'stop_sequence',
      'new_reason',
    ),
  })
  .map((fields): Message => answer(fields))

test('whatever comes, there is one last event, numbers have no holes, and deltas add up to the items', () => {
  fc.assert(
    fc.property(anyMessage, fc.nat(40), (message, cut) => {
      const events = translate([...replay(message)].slice(0, cut))
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, at) => at))
      const ends = typesOf(events).flatMap((type, at) => (TERMINAL.test(type) ? [at] : []))
      expect(ends).toEqual([events.length - 1])
      const opened = events.filter(({ type }) => type === 'response.output_item.added')
      expect(opened.map(({ output_index }) => output_index)).toEqual(opened.map((_, at) => at))
      const response = responseIn(events)
      if (!/completed|incomplete/.test(last(events)?.type ?? '')) return
      const output: unknown =
        typeof response === 'object' && response !== null && Reflect.get(response, 'output')
      const done = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
      expect(done).toEqual(output)
      const deltas = events
        .filter(({ type }) => type === 'response.output_text.delta')
        .map(({ delta }) => delta)
      const texts = message.content.flatMap(({ type, text }) => (type === 'text' ? [text] : []))
      expect(deltas.join('')).toBe(texts.join(''))
    }),
    { numRuns: 300 },
  )
})
