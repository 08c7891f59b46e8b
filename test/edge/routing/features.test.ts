/** What routing reads of a request, and what it must not take for the user's words. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { estimateTokens } from '../../../shared/tokens.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const turns = (...messages: { role: string; content: unknown }[]) => ask('', { messages })
const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown) => ({ role: 'assistant', content })

test('reads the last thing the user wrote, and what was said before', () => {
  const features = featuresOf(turns(user('Hi'), assistant('Hello'), user('What is 2+2?')))
  expect(features.lastUserText).toBe('What is 2+2?')
  expect(features.earlierText).toBe('Hi\nHello')
  expect(features.turns).toBe(3)
})

test('keeps the end of what was said before, system messages left out', () => {
  const said = fc.array(
    fc.tuple(
      fc.constantFrom('user', 'assistant', 'system'),
      fc.constantFrom('', 'x', 'ab'.repeat(1_500), 'word'),
    ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(said, (before) => {
      const messages = before.map(([role, content]) => ({ role, content }))
      const whole = before.flatMap(([role, content]) => (role === 'system' ? [] : [content])).join('\n')
      expect(featuresOf(turns(...messages, user('Hello'))).earlierText).toBe(whole.slice(-2_000))
    }),
  )
})

test('joins text blocks and reads nothing else as text', () => {
  const features = featuresOf(
    turns(
      user([
        { type: 'text', text: 'One' },
        { type: 'image', source: {} },
        { type: 'text', text: 'two' },
      ]),
    ),
  )
  expect(features.lastUserText).toBe('One\ntwo')
  expect(features.nonTextBlock).toBe('image')
})

test('leaves out what clients wrap around a turn', () => {
  for (const tag of [
    'system-reminder',
    'local-command-stdout',
    'command-name',
    'command-message',
    'ide_selection',
  ])
    expect(featuresOf(turns(user(`<${tag}>write code\nprove it</${tag}>\nHello`))).lastUserText).toBe('Hello')
})

test('goes back to the turn that a person wrote where the last holds only client text', () => {
  const features = featuresOf(
    turns(
      user('Hello'),
      assistant('Hi'),
      user([{ type: 'text', text: '<system-reminder>x</system-reminder>' }]),
    ),
  )
  expect(features.lastUserText).toBe('Hello')
})

test('keeps text that only looks like a client’s', () => {
  const text = '<system-reminder> without an end'
  expect(featuresOf(ask(text)).lastUserText).toBe(text)
})

test('keeps client texts that begin and never end, and leaves out those that end, however many', () => {
  const opened = '<command-name><ide_selection>'.repeat(35_000)
  const ended = '<system-reminder></system-reminder>'.repeat(30_000)
  expect(featuresOf(ask(opened)).lastUserCharacters).toBe(opened.length)
  const both = featuresOf(ask(`${opened}${ended}x`))
  expect(both.lastUserCharacters).toBe(opened.length + 1)
  expect(both.lastUserText.endsWith('<ide_selection>x')).toBe(true)
})

test('keeps the beginning and the end of a long turn, and says how long it was', () => {
  const features = featuresOf(ask(`Summarize this: ${'x'.repeat(100_000)} in one sentence`))
  expect(features.lastUserText.startsWith('Summarize this: xx')).toBe(true)
  expect(features.lastUserText.endsWith('xx in one sentence')).toBe(true)
  expect(features.lastUserCharacters).toBe(100_032)
})

test('hands on no more text than a decision can afford, whatever the request', () => {
  const long = fc.constantFrom('', 'hi', 'x'.repeat(300), 'SELECT '.repeat(3_000), '\n'.repeat(50_000))
  const message = fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content: long })
  const many = fc
    .tuple(fc.array(message, { minLength: 1, maxLength: 8 }), fc.constantFrom(1, 100))
    .map(([messages, times]) => Array.from({ length: times }, () => messages).flat())
  fc.assert(
    fc.property(many, long, (messages, system) => {
      const { lastUserText, systemText, earlierText, earlierTurns } = featuresOf(
        ask('', { messages, system }),
      )
      const texts = [lastUserText, systemText, earlierText, ...earlierTurns.map(({ text }) => text)]
      expect(texts.join('').length).toBeLessThan(16_000)
    }),
  )
})

test('looks for the end of a client text of the same name, and at what follows it', () => {
  const text = '<command-name>a<system-reminder>b</command-name>c</system-reminder>d<ide_selection>e'
  expect(featuresOf(ask(text)).lastUserText).toBe('c</system-reminder>d<ide_selection>e')
})

test('leaves system messages between turns out of what was said', () => {
  const features = featuresOf(turns(user('Hi'), { role: 'system', content: 'Prove it' }, user('Hello')))
  expect(features.earlierText).toBe('Hi')
  expect(features.turns).toBe(2)
  expect(features.lastUserText).toBe('Hello')
})

test('reads what the operator says between turns as instructions, too', () => {
  const messages = [user('Hi'), { role: 'system', content: 'Reply in JSON.' }, user('Hello')]
  expect(featuresOf(ask('', { messages, system: 'You are Bob.' })).systemText).toBe(
    'You are Bob.\nReply in JSON.',
  )
})

test('keeps the newest turns with their roles', () => {
  const said = Array.from({ length: 30 }, (_, at) => (at % 2 === 0 ? user(`u${at}`) : assistant(`a${at}`)))
  const { earlierTurns, turns: count } = featuresOf(turns(...said, user('Thanks')))
  expect(count).toBe(31)
  expect(earlierTurns).toHaveLength(20)
  expect(earlierTurns[0]).toEqual({ role: 'user', text: 'u10' })
  expect(earlierTurns.at(-1)).toEqual({ role: 'assistant', text: 'a29' })
})

test('estimates the length of what it does not count by what it does', () => {
  for (const piece of ['The ferry was late. ', '你好世界']) {
    const text = piece.repeat(200_000 / piece.length)
    const { estimatedInputTokens } = featuresOf(ask(text))
    expect(estimatedInputTokens / estimateTokens(text)).toBeCloseTo(1, 1)
  }
})

test('counts every text towards the length, the system prompt included', () => {
  const long = 'word '.repeat(1_000)
  const short = featuresOf(ask('Hi')).estimatedInputTokens
  expect(featuresOf(ask('Hi', { system: long })).estimatedInputTokens).toBeGreaterThan(short + 1_000)
  expect(
    featuresOf(ask('Hi', { system: [{ type: 'text', text: long }] })).estimatedInputTokens,
  ).toBeGreaterThan(short + 1_000)
  expect(
    featuresOf(turns(user('Hi'), { role: 'system', content: long }, user('Hi'))).estimatedInputTokens,
  ).toBeGreaterThan(short + 1_000)
})

test('sees tools in the request and in the turns', () => {
  expect(featuresOf(ask('Hi', { tools: [{ name: 'x' }] })).usesTools).toBe(true)
  expect(featuresOf(ask('Hi', { tools: [] })).usesTools).toBe(false)
  expect(featuresOf(ask('Hi', { tools: null })).usesTools).toBe(false)
  expect(featuresOf(ask('Hi', { tool_choice: { type: 'any' } })).usesTools).toBe(true)
  expect(featuresOf(ask('Hi', { tool_choice: { type: 'auto' } })).usesTools).toBe(false)
  for (const type of ['tool_use', 'tool_result', 'server_tool_use', 'web_search_tool_result', 'mcp_tool_use'])
    expect(featuresOf(turns(user([{ type }]), user('Hi'))).usesTools, type).toBe(true)
})

test('sees blocks that are not text, also in the system prompt and of types yet unknown', () => {
  for (const type of ['image', 'document', 'container_upload', 'hologram'])
    expect(featuresOf(turns(user([{ type }, { type: 'text', text: 'Hi' }]))).nonTextBlock).toBe(type)
  expect(featuresOf(ask('Hi', { system: [{ type: 'image' }] })).nonTextBlock).toBe('image')
  expect(featuresOf(ask('Hi')).nonTextBlock).toBeUndefined()
})

test('tells thinking that is asked for from thinking that is left to the model', () => {
  expect(featuresOf(ask('Hi', { thinking: { type: 'enabled', budget_tokens: 1_024 } })).thinking).toBe(true)
  for (const thinking of [{ type: 'adaptive' }, { type: 'disabled' }, null])
    expect(featuresOf(ask('Hi', { thinking })).thinking).toBe(false)
  // A mode that is not known yet may ask for anything.
  for (const thinking of [{ type: 'deep' }, {}, 'enabled', []])
    expect(featuresOf(ask('Hi', { thinking })).thinking).toBe(true)
})

test('sees structured output and the features that only Claude’s servers have', () => {
  expect(featuresOf(ask('Hi', { output_config: { format: { type: 'json_schema' } } })).structuredOutput).toBe(
    true,
  )
  expect(featuresOf(ask('Hi', { output_config: { effort: 'low' } })).structuredOutput).toBe(false)
  const format = { type: 'json_schema', schema: { enum: ['a', 'b'], description: 'Answer in verse.' } }
  const { structuredOutput, unservableForm, systemText } = featuresOf(
    ask('Hi', { output_config: { format } }),
  )
  expect({ structuredOutput, unservableForm }).toEqual({ structuredOutput: true, unservableForm: undefined })
  // What a schema describes instructs the model, like a system prompt.
  expect(systemText).toBe('Answer in verse.')
  const list = { format: { type: 'json_schema', schema: { type: 'array' } } }
  expect(featuresOf(ask('Hi', { output_config: list })).unservableForm).toMatch(/schema/)
  for (const field of ['container', 'mcp_servers', 'context_management']) {
    expect(featuresOf(ask('Hi', { [field]: {} })).unknownField).toBe(field)
    expect(featuresOf(ask('Hi', { [field]: null })).unknownField).toBeUndefined()
  }
})

test('names the first field that may hold what only Claude knows, wherever it stands', () => {
  const thread = { type: 'continue', id: 't' }
  expect(featuresOf(ask('Thanks!', { thread })).unknownField).toBe('thread')
  expect(featuresOf(ask('Thanks!', { compaction: {} })).unknownField).toBe('compaction')
  const inMessage = { messages: [{ role: 'user', content: 'Thanks!', thread }] }
  expect(featuresOf(ask('', inMessage)).unknownField).toBe('messages.0.thread')
  const inBlock = { messages: [{ role: 'user', content: [{ type: 'text', text: 'Thanks!', ref: 'x' }] }] }
  expect(featuresOf(ask('', inBlock)).unknownField).toBe('messages.0.content.0.ref')
  const cited = [{ type: 'text', text: 'Hi', citations: [{ type: 'page_location' }] }]
  expect(featuresOf(turns(user('Hi'), assistant(cited), user('Thanks!'))).unknownField).toBe(
    'messages.1.content.0.citations',
  )
  const inSystem = {
    system: [
      { type: 'text', text: 'Be kind.' },
      { type: 'text', text: 'x', memory: 'm' },
    ],
  }
  expect(featuresOf(ask('Thanks!', inSystem)).unknownField).toBe('system.1.memory')
  expect(featuresOf(ask('Thanks!', { metadata: { user_id: 'u', session: 's' } })).unknownField).toBe(
    'metadata.session',
  )
  expect(featuresOf(ask('Thanks!', { output_config: { effort: 'low', voice: {} } })).unknownField).toBe(
    'output_config.voice',
  )
  const usual = { metadata: {}, stop_sequences: ['x'], temperature: 0, tool_choice: { type: 'auto' } }
  expect(featuresOf(ask('Thanks!', usual)).unknownField).toBeUndefined()
  const sentBack = [{ type: 'text', text: 'Hi', citations: null, cache_control: { type: 'ephemeral' } }]
  expect(featuresOf(turns(user('Hi'), assistant(sentBack), user('Thanks!'))).unknownField).toBeUndefined()
})

test('sees an answer that the client has begun', () => {
  expect(featuresOf(turns(user('Hi'), assistant('The'))).prefill).toBe(true)
  expect(featuresOf(turns(user('Hi'), assistant('The'), { role: 'system', content: 'x' })).prefill).toBe(true)
  expect(featuresOf(turns(user('Hi'))).prefill).toBe(false)
})

test('finds no user text where there is none', () => {
  expect(featuresOf(turns(assistant('Hi'))).lastUserText).toBe('')
  expect(featuresOf(turns(user('  \n '))).lastUserText).toBe('')
  expect(featuresOf(turns(user([]))).lastUserText).toBe('')
})

test.each([
  [{ type: 'any' }, true],
  [{ type: 'tool', name: 'a' }, true],
  [{ type: 'auto' }, false],
  [{ type: 'none' }, false],
  ['any', false],
  [null, false],
])('tells of tool_choice %j whether it forces a tool', (choice, forced) => {
  expect(featuresOf(ask('Hi', { tool_choice: choice })).forcedTool).toBe(forced)
})

test('tells whether the last turn is the beginning of an answer', () => {
  const begun = (...roles: string[]) =>
    featuresOf(ask('Hi', { messages: roles.map((role) => ({ role, content: 'x' })) })).prefill
  expect(begun('user', 'assistant')).toBe(true)
  expect(begun('user', 'assistant', 'system')).toBe(true)
  expect(begun('user', 'assistant', 'user')).toBe(false)
})
