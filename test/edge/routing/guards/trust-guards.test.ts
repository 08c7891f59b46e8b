/** What a model's card leaves to Claude though it is simple. */
import { expect, test } from 'vitest'
import { findGuard } from '../../../../edge/routing/guards/guards.ts'
import { type TaskTrust, uniformTrust } from '../../../../shared/model-card.ts'
import type { SimpleTask } from '../../../../shared/tasks.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const guardOf = (
  text: string,
  trust: Partial<TaskTrust>,
  {
    system,
    task = 'simple_chat',
    complex = false,
    languages = null,
  }: {
    system?: string
    task?: SimpleTask
    complex?: boolean
    languages?: string[] | null
  } = {},
) => {
  const card = { trust: { ...uniformTrust('none'), ...trust }, languages, maxTemperature: null, exam: null }
  const features = featuresOf(ask(text, system === undefined ? {} : { system }))
  return findGuard({
    features,
    simpleTask: task,
    complex,
    sensitive: false,
    local: { card, maxInputTokens: 1_000 },
  })?.name
}
const setPhrases = { simple_chat: 'set_phrases' } as const
const full = { simple_chat: 'full' } as const

test('set phrases under a plain persona are given to a model that is trusted with them', () => {
  expect(guardOf('Hello! How are you today?', setPhrases)).toBeUndefined()
  const system = 'You are Bob, a friendly agent of ACME shoes.'
  expect(guardOf('Good morning!', setPhrases, { system })).toBeUndefined()
})

for (const system of [
  'Reply with exactly one word.',
  'Respond with an emoji only',
  'You are a pirate. Always rhyme.',
  'Antworte immer auf Deutsch.',
  'If the user says hello, ask for their ID.',
  'Classify the message into one of: A, B, C.',
])
  test(`a system prompt with instructions is not: ${system}`, () => {
    expect(guardOf('Hello!', setPhrases, { system })).toBe('local model not trusted with its system prompt')
    expect(guardOf('Hello!', full, { system })).toBeUndefined()
  })

test('open talk needs full trust', () => {
  for (const text of ['I had a great day, what is GDPR?', 'Do you like the policies of Merkel?']) {
    expect(guardOf(text, setPhrases)).toBe('local model not trusted with it')
    expect(guardOf(text, full)).toBeUndefined()
  }
})

test('a demanded form needs full trust in classification, whatever the words around it', () => {
  const format = { type: 'json_schema', schema: { enum: ['greeting', 'question'] } }
  const features = featuresOf(ask('Hello!', { output_config: { format } }))
  const guardFor = (trust: TaskTrust) => {
    const card = { trust, languages: null, maxTemperature: null, exam: null }
    const local = { card, maxInputTokens: 1_000, structuredOutputs: true }
    return findGuard({ features, simpleTask: 'simple_chat', complex: false, sensitive: false, local })?.name
  }
  expect(guardFor({ ...uniformTrust('full'), classification: 'none' })).toBe(
    'local model not trusted with structured output',
  )
  expect(guardFor(uniformTrust('full'))).toBeUndefined()
})

test('a task that the card leaves out is not given to it, and a task that is trusted is', () => {
  const text = 'Summarize: The council met on Friday and closed the old ferry.'
  expect(guardOf(text, setPhrases, { task: 'summarization' })).toBe('local model not trusted with it')
  expect(guardOf(text, { summarization: 'full' }, { task: 'summarization' })).toBeUndefined()
})

test('other languages than the card names stay with Claude', () => {
  const german = 'Guten Morgen! Wie geht es dir?'
  expect(guardOf(german, full, { languages: ['en'] })).toBe('local model does not speak the language')
  expect(guardOf(german, full, { languages: ['en', 'de'] })).toBeUndefined()
  expect(guardOf('Good morning', full, { languages: ['de'] })).toBe('local model does not speak the language')
  expect(guardOf(german, full)).toBeUndefined()
})

test('a model whose card names no language speaks none', () => {
  for (const text of ['Guten Morgen! Wie geht es dir?', 'Good morning'])
    expect(guardOf(text, full, { languages: [] })).toBe('local model does not speak the language')
})

test('a language is the card’s matter for simple tasks only: complex ones are not its own anyway', () => {
  const german = 'Guten Morgen! Wie geht es dir?'
  expect(guardOf(german, full, { languages: ['en'], complex: true })).toBeUndefined()
})

const lastOf = (...messages: { role: string; content: string }[]) => {
  const card = {
    trust: { ...uniformTrust('none'), ...setPhrases },
    languages: null,
    maxTemperature: null,
    exam: null,
  }
  const features = featuresOf(ask('', { messages }))
  return findGuard({
    features,
    simpleTask: 'simple_chat',
    complex: false,
    sensitive: false,
    local: { card, maxInputTokens: 1_000 },
  })?.name
}
const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const before = 'local model not trusted with what was said before'

test('a set phrase is one only where nothing that was said before matters', () => {
  expect(lastOf(user('Hello!'), assistant('Hi! How are you?'), user('Thanks, bye'))).toBeUndefined()
  expect(lastOf(user('My mother is at the clinic'), assistant('I am sorry.'), user('Thank you'))).toBe(before)
  expect(
    lastOf(user('Hi'), assistant(`Your results: ${'all is well, '.repeat(30)}`), user('Thank you')),
  ).toBe(before)
  const chatter = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? user('Hello') : assistant('Hi!')))
  expect(lastOf(...chatter, user('Bye'))).toBe(before)
})

test('instructions between turns count as those of the system prompt', () => {
  expect(lastOf({ role: 'system', content: 'Reply with exactly one word.' }, user('Hello'))).toBe(
    'local model not trusted with its system prompt',
  )
})
