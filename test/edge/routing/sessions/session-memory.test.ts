/** By what a conversation is known again, for whom and how long. */
import fc from 'fast-check'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Session } from '../../../../edge/routing/sessions/session.ts'
import { createSessionMemory } from '../../../../edge/routing/sessions/session-memory.ts'
import { type MessageParam, parseMessagesRequest } from '../../../../shared/messages.ts'

const LIFE = 300_000
const alice = { id: 'alice', admin: false, forbid: [] }
const begun = Date.UTC(2026, 10, 27)
const session: Session = {
  model: 'strong',
  prefixTokens: 2_000,
  uncachedTokens: 0,
  estimatedTokens: 2_500,
  usedAt: begun,
  lifeMs: LIFE,
}
let now = begun
let memory = createSessionMemory({ now: () => now })
beforeEach(() => {
  now = begun
  memory = createSessionMemory({ now: () => now })
})

type Turn = ReturnType<typeof turn>
const keep = async (asked: Turn, left: Session) => (await memory.recall(asked)).keep(left)
const find = async (asked: Turn) => (await memory.recall(asked)).session

const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown) => ({ role: 'assistant', content })
const system = (content: unknown) => ({ role: 'system', content })

function turn(messages: readonly unknown[], fields: Record<string, unknown> = {}, tenant = alice) {
  const body = { model: 'auto', max_tokens: 64, messages, cache_control: { type: 'ephemeral' }, ...fields }
  return { tenant, view: parseMessagesRequest(body) }
}

const first = turn([user('Write a parser.')])
const second = turn([user('Write a parser.'), assistant('Here it is.'), user('Thanks!')])

test('finds in the next turn what a turn has left', async () => {
  await keep(first, session)
  expect(await find(second)).toEqual(session)
  expect(await find(first)).toBeUndefined()
})

test('keeps what it is given where nothing was asked to be cached, and finds what others have left', async () => {
  const unmarked = { cache_control: undefined }
  await keep(turn(first.view.messages, unmarked), session)
  expect(await find(second)).toEqual(session)
  await keep(first, session)
  expect(await find(turn(second.view.messages, unmarked))).toEqual(session)
})

test('forgets it without an error where its key cannot be made', async () => {
  // Digests of short texts are made without the platform, and cannot fail.
  const asked = user('Write a parser. '.repeat(100))
  const { keep: leave } = await memory.recall(turn([asked], { cache_control: undefined }))
  const digest = vi.spyOn(crypto.subtle, 'digest').mockRejectedValue(new Error('no digest'))
  await expect(leave(session)).resolves.toBeUndefined()
  expect(digest).toHaveBeenCalled()
  digest.mockRestore()
  expect(await find(turn([asked, assistant('Here it is.'), user('Thanks!')]))).toBeUndefined()
})

test('finds it whatever a client makes of the answer', async () => {
  await keep(first, session)
  for (const answer of ['', 'Shortened', [{ type: 'thinking', thinking: '…' }]])
    expect(await find(turn([user('Write a parser.'), assistant(answer), user('Why?')]))).toEqual(session)
})

test('finds it after marks have moved on and texts have become blocks', async () => {
  const mark = { cache_control: { type: 'ephemeral' } }
  const text = (value: string, marked = {}) => [{ type: 'text', text: value, ...marked }]
  await keep(turn([user(text('Write a parser.', mark))], { system: text('Be kind.', mark) }), session)
  const later = [user('Write a parser.'), assistant('Done.'), user(text('Why?', mark))]
  expect(await find(turn(later, { system: 'Be kind.', ...mark }))).toEqual(session)
})

test('finds it where a tool has answered, the answer was begun, or the operator spoke in between', async () => {
  const asked = [user('What time is it?')]
  await keep(turn([...asked, assistant('It is')]), session)
  const called = [...asked, assistant([{ type: 'tool_use', id: 't', name: 'clock', input: {} }])]
  const answered = [...called, user([{ type: 'tool_result', tool_use_id: 't', content: 'noon' }])]
  expect(await find(turn(answered))).toEqual(session)
  expect(await find(turn([...asked, assistant('Noon.'), user('Sure?'), assistant('Yes')]))).toEqual(session)
  expect(await find(turn([...asked, assistant('Noon.'), system('Be brief.'), user('Sure?')]))).toEqual(
    session,
  )
})

test.each<[string, ReturnType<typeof turn>]>([
  ['another user turn', turn([user('Write a lexer.'), assistant('Here it is.'), user('Thanks!')])],
  ['another system prompt', turn(second.view.messages, { system: 'Be kind.' })],
  ['other tools', turn(second.view.messages, { tools: [{ name: 'clock' }] })],
  ['another tenant', turn(second.view.messages, {}, { ...alice, id: 'bob' })],
  ['an administrator of that name', turn(second.view.messages, {}, { ...alice, admin: true })],
  ['a turn more', turn([...second.view.messages, assistant('Welcome.'), user('Bye!')])],
])('finds nothing with %s', async (_, other) => {
  await keep(first, session)
  expect(await find(other)).toBeUndefined()
})

test('forgets it when the prompt cache has gone cold', async () => {
  await keep(first, session)
  now = begun + LIFE - 1
  expect(await find(second)).toEqual(session)
  now = begun + LIFE + 1
  expect(await find(second)).toBeUndefined()
})

test('counts the time from the use of the cache, not from when it is told', async () => {
  now = begun + LIFE - 1_000
  await keep(first, session)
  now = begun + LIFE + 1
  expect(await find(second)).toBeUndefined()
})

test('keeps nothing that is cold already', async () => {
  now = begun + LIFE
  await keep(first, session)
  now = begun
  expect(await find(second)).toBeUndefined()
})

test('forgets those used longest ago where there are too many', async () => {
  memory = createSessionMemory({ now: () => now, maxSessions: 2 })
  const after = (name: string) => turn([user(name), assistant('Yes?'), user('Thanks!')])
  for (const name of ['one', 'two', 'three']) await keep(turn([user(name)]), session)
  expect(await find(after('one'))).toBeUndefined()
  expect(await find(after('two'))).toEqual(session)
  expect(await find(after('three'))).toEqual(session)
})

test('finds any conversation again after one more exchange, and no shorter one', async () => {
  const content = fc.oneof(
    fc.string(),
    fc.array(fc.record({ type: fc.constant('text'), text: fc.string() }), { minLength: 1, maxLength: 3 }),
  )
  const exchange = fc.tuple(content, content)
  await fc.assert(
    fc.asyncProperty(fc.array(exchange, { maxLength: 4 }), content, content, async (before, last, said) => {
      memory = createSessionMemory({ now: () => now })
      const earlier = before.flatMap(([asked, answer]) => [user(asked), assistant(answer)])
      const messages = [...earlier, user(last)] as MessageParam[]
      await keep(turn(messages), session)
      expect(await find(turn([...messages, assistant(said), user('and?')]))).toEqual(session)
      expect(await find(turn(messages))).toBeUndefined()
    }),
  )
})
