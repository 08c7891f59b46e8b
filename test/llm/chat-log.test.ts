/** Chat logs of all shapes that are promised, and of none. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toLLMMessages } from '../../llm/chat-log.ts'

const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown) => ({ role: 'assistant', content })

test('takes role and content as they are', () => {
  expect(toLLMMessages([user('a'), assistant('b'), user('c')])).toEqual([
    user('a'),
    assistant('b'),
    user('c'),
  ])
})

test.each(['role', 'author', 'from', 'sender'])('finds the speaker under %s', (field) => {
  expect(
    toLLMMessages([
      { [field]: 'Human', text: 'a' },
      { [field]: 'bot', text: 'b' },
    ]),
  ).toEqual([user('a'), assistant('b')])
})

test.each(['content', 'text', 'message', 'body'])('finds the words under %s', (field) => {
  expect(toLLMMessages([{ role: 'user', [field]: 'a' }])).toEqual([user('a')])
})

test('reads a speaker that is an object with a role', () => {
  expect(toLLMMessages([{ author: { role: 'user', name: 'Ann' }, content: 'a' }])).toEqual([user('a')])
})

test('lets plain texts alternate, beginning with the user', () => {
  expect(toLLMMessages(['a', 'b', 'c'])).toEqual([user('a'), assistant('b'), user('c')])
})

test('lets a text follow an object as the other speaker', () => {
  expect(toLLMMessages([user('a'), 'b'])).toEqual([user('a'), assistant('b')])
})

test('merges neighbours of one role and drops empty entries', () => {
  const history = [user('a'), user(' '), assistant(''), user('b'), assistant('c')]
  expect(toLLMMessages(history)).toEqual([user('a\n\nb'), assistant('c')])
})

test('keeps an empty text as a turn when it tells who speaks next', () => {
  expect(toLLMMessages(['a', '', 'b'])).toEqual([user('a\n\nb')])
})

test('merges texts with content blocks', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://images.test/a.png' } }
  expect(toLLMMessages([user('look'), user([image])])).toEqual([
    user([{ type: 'text', text: 'look' }, image]),
  ])
})

test('collects system texts as the first message', () => {
  const history = [user('a'), { role: 'system', content: 'x' }, { role: 'developer', content: 'y' }]
  expect(toLLMMessages(history)).toEqual([{ role: 'system', content: 'x\n\ny' }, user('a')])
})

test('leaves out what the assistant says before the first user', () => {
  expect(toLLMMessages([assistant('Welcome!'), user('a')])).toEqual([user('a')])
})

test('takes names as people where the names of the assistant are given', () => {
  const history = [
    { from: 'Ann', text: 'a' },
    { from: 'Ulf', text: 'b' },
  ]
  expect(toLLMMessages(history, { assistantNames: ['ulf'] })).toEqual([user('a'), assistant('b')])
})

test.each([
  ['a name that means no role', [{ from: 'Ann', text: 'a' }], /speaker of entry 0 .*assistantNames/],
  ['a name from the prototype of objects', [{ from: 'constructor', text: 'a' }], /speaker of entry 0/],
  ['an entry without speaker', [user('a'), { text: 'b' }], /entry 1 does not say who spoke/],
  ['an entry without words', [{ role: 'user' }], /entry 0 holds no text/],
  ['words of another type', [{ role: 'user', content: 5 }], /entry 0 holds no text/],
  ['a number', [5], /entry 0 must be a text or an object, not number/],
  ['null', [null], /entry 0 must be a text or an object, not null/],
  ['a list', [['a']], /entry 0 must be a text or an object, not an array/],
])('refuses %s', (_, history, message) => {
  expect(() => toLLMMessages(history)).toThrow(TypeError)
  expect(() => toLLMMessages(history)).toThrow(message)
})

test('refuses a history that is no array', () => {
  // @ts-expect-error JavaScript callers are not held back by types
  expect(() => toLLMMessages('hi')).toThrow(/must be an array, not string/)
})

test('always alternates, begins with the user, and loses no word of a log that begins with the user', () => {
  const entry = fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.string() })
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const history = [user('first'), ...entries]
      const messages = toLLMMessages(history)
      expect(messages.map(({ role }) => role)).toEqual(
        messages.map((_, index) => (index % 2 === 0 ? 'user' : 'assistant')),
      )
      expect(messages.map(({ content }) => content).join('\n\n')).toBe(
        history.flatMap(({ content }) => (String(content).trim() === '' ? [] : [content])).join('\n\n'),
      )
    }),
  )
})
