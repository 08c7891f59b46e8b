/** By what a request is known again: what stays the same between turns and questions, and what does not. */
import { describe, expect, test } from 'vitest'
import { readPrompt } from '../../../edge/prompt-cache/read-prompt.ts'
import type { Changes } from '../../../edge/providers/claude/fit-request.ts'
import { parseMessagesRequest } from '../../../shared/messages.ts'

const MODEL = 'claude-sonnet-5-5'
const SYSTEM = 'Answer as the help desk of a library does. '.repeat(60)
const alice = { id: 'alice', admin: false, forbid: [] }
const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown) => ({ role: 'assistant', content })

function read(
  messages: readonly unknown[],
  fields: object = {},
  tenant = alice,
  model = MODEL,
  changes: Changes = new Map(),
) {
  const text = JSON.stringify({ model, max_tokens: 64, system: SYSTEM, messages, ...fields })
  const prompt = readPrompt({ view: parseMessagesRequest(JSON.parse(text)), text, tenant }, model, 7, changes)
  if (typeof prompt === 'string') throw new Error(prompt)
  return prompt
}

const first = [user('When do you open?')]
const second = [...first, assistant('At nine.'), user('And on Sundays?')]

describe('the conversation', () => {
  test('is found where the turn before left it', () => {
    const [one, two] = [read(first), read(second)]
    expect(one.conversation.before).toBeUndefined()
    expect(two.conversation.before).toBe(one.conversation.after)
    const third = [...second, assistant('Never.'), user('Thanks!')]
    expect(read(third).conversation.before).toBe(two.conversation.after)
  })

  test('is found whatever a client makes of the thoughts, and before the beginning of an answer', () => {
    const thought = [
      { type: 'thinking', thinking: 'Hm.', signature: 'x' },
      { type: 'text', text: 'At nine.' },
    ]
    const asked = read([...first, assistant(thought), user('And on Sundays?')])
    const kept = [{ type: 'text', text: 'At nine.' }]
    const later = read([...first, assistant(kept), user('And on Sundays?'), assistant('No.'), user('Why?')])
    expect(later.conversation.before).toBe(asked.conversation.after)
    expect(read([...first, assistant('At')]).conversation.after).toBe(read(first).conversation.after)
  })

  test.each([
    ['another first turn', [user('Where?'), assistant('At nine.'), user('And on Sundays?')], {}],
    ['other thinking', second, { thinking: { type: 'adaptive' } }],
    ['another choice of tools', second, { tool_choice: { type: 'none' } }],
  ])('is another one with %s', (_, messages, fields) => {
    expect(read(messages, fields).conversation.before).not.toBe(read(first).conversation.after)
  })
})

describe('the instructions', () => {
  test('are the same whatever is asked', () => {
    expect(read(second).instructions).toEqual(read(first).instructions)
    expect(read(first).instructions.markable).toBe(true)
  })

  test.each([
    ['a date', { system: `${SYSTEM} Today is Monday.` }],
    ['a tool', { tools: [{ name: 'a', input_schema: {} }] }],
    ['another speed', { speed: 'fast' }],
  ])('are others with %s', (_, fields) => {
    expect(read(first, fields).instructions.id).not.toBe(read(first).instructions.id)
  })

  test.each(['system', 'tools'])('cannot be marked where %s is sent otherwise than it came', (member) => {
    const prompt = read(first, {}, alice, MODEL, new Map([[member, '[]']]))
    expect([prompt.instructions.markable, prompt.conversation.markable]).toEqual([false, true])
    expect(read(first, {}, alice, MODEL, new Map([['model', '"other"']])).instructions.markable).toBe(true)
  })

  test('may be too short where the whole is not', () => {
    const prompt = read([user(SYSTEM)], { system: 'Be kind.' })
    expect([prompt.instructions.markable, prompt.conversation.markable]).toEqual([false, true])
  })
})

test('callers and models share nothing', () => {
  const scopes = [
    read(first),
    read(first, {}, { ...alice, id: 'bob' }),
    read(first, {}, { ...alice, admin: true }),
    read(first, {}, alice, 'claude-haiku-5-5'),
  ]
  expect(new Set(scopes.map(({ scope }) => scope)).size).toBe(4)
})

test('what one model caches is too short for another', () => {
  expect(() => read(first, {}, alice, 'claude-haiku-4-5')).toThrow('too_short')
})
