/** Cache keys: what makes two requests the same, what makes them different, and what is never kept. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cacheKey, isCacheableAnswer, uncacheableReason } from '../../../edge/cache/key.ts'
import type { RouterRequest } from '../../../edge/request.ts'
import type { Target } from '../../../edge/target.ts'
import { localMessage } from '../../support/edge/messages.ts'
import { featuresOf, routerRequest } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const target: Target = { provider: 'local', model: 'tiny-model' }
const keyOf = (body: Record<string, unknown>, overrides: Partial<RouterRequest> = {}, to = target) =>
  cacheKey(routerRequest(body, overrides), to)

const name = fc.stringMatching(/^[a-z_]{1,12}$/).filter((text) => !(text in ask()) && text !== 'stream')
const fields = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })

test('is the same whatever the order of the fields, the spacing and the form asked for', async () => {
  await fc.assert(
    fc.asyncProperty(fields, fc.boolean(), async (extra, stream) => {
      const body = { ...ask('Hello'), ...extra }
      const reversed = Object.fromEntries(Object.entries({ ...body, stream }).toReversed())
      const spaced = JSON.stringify(body, null, 3)
      const key = await keyOf(body)
      expect(await keyOf(reversed)).toBe(key)
      expect(await keyOf(body, { text: spaced, body: new TextEncoder().encode(spaced) })).toBe(key)
    }),
  )
})

test('F50 the key differs for any field that is added, changed or removed', async () => {
  await fc.assert(
    fc.asyncProperty(fields, name, fc.jsonValue(), fc.jsonValue(), async (extra, field, one, other) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other) && !Object.is(one, -0) && !Object.is(other, -0))
      const { [field]: _, ...rest } = extra
      const keys = [
        await keyOf({ ...ask('Hello'), ...rest }),
        await keyOf({ ...ask('Hello'), ...rest, [field]: one }),
        await keyOf({ ...ask('Hello'), ...rest, [field]: other }),
      ]
      expect(new Set(keys).size).toBe(3)
    }),
  )
})

test('differs for any word of the conversation', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), async (one, other) => {
      fc.pre(one !== other)
      expect(await keyOf(ask(one))).not.toBe(await keyOf(ask(other)))
      expect(await keyOf(ask('Hi', { system: one }))).not.toBe(await keyOf(ask('Hi', { system: other })))
    }),
  )
})

test('F50 the key differs by tenant, query, API headers, provider, model and what is made of the body', async () => {
  const body = ask('Hello')
  const keys = await Promise.all([
    keyOf(body),
    keyOf(body, { tenant: { id: 'bob', admin: false, forbid: [] } }),
    keyOf(body, { query: '?beta=true' }),
    keyOf(body, { apiHeaders: { 'anthropic-version': '2023-06-01' } }),
    keyOf(body, { apiHeaders: { 'anthropic-version': '2026-10-21' } }),
    keyOf(body, { apiHeaders: { 'anthropic-beta': 'x' } }),
    keyOf(body, {}, { provider: 'claude', model: 'tiny-model' }),
    keyOf(body, {}, { provider: 'local', model: 'other-model' }),
    keyOf(body, {}, { ...target, mayHandOver: true }),
    keyOf(body, { translated: true }),
    // The same placeholder for a limit that the client did not set.
    keyOf(body, { translated: true, unlimited: true }),
    keyOf({ ...body, max_tokens: 65 }),
    keyOf({ ...body, model: 'claude-auto' }),
  ])
  expect(new Set(keys).size).toBe(keys.length)
})

test('tells bodies apart that parse to the same value and are not the same to Claude', async () => {
  const texts = [
    '{"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a","x":{"n":1,"n":2}}]}',
    '{"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a","x":{"n":3,"n":2}}]}',
    '{"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a","x":{"__proto__":{"n":1}}}]}',
    '{"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a","x":{"__proto__":{"n":2}}}]}',
    '{"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a","x":{"n":9007199254740993}}]}',
    '{"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a","x":{"n":9007199254740992}}]}',
  ]
  const keys = await Promise.all(texts.map((text) => keyOf(JSON.parse(text), { text })))
  expect(new Set(keys).size).toBe(texts.length)
})

test('tells the administrator from a tenant of the same name', async () => {
  const as = (admin: boolean) => keyOf(ask('Hello'), { tenant: { id: 'admin', admin, forbid: [] } })
  expect(await as(true)).not.toBe(await as(false))
})

test('is not fooled by parts that run into each other', async () => {
  const body = ask('Hello')
  const one = await keyOf(body, { tenant: { id: 'ab', admin: false, forbid: [] }, query: '' })
  const other = await keyOf(body, { tenant: { id: 'a', admin: false, forbid: [] }, query: 'b' })
  expect(one).not.toBe(other)
})

test('holds nothing of the request in clear', async () => {
  expect(await keyOf(ask('Hello'))).toMatch(/^[0-9a-f]{64}$/)
})

test('does not depend on who traces the request or on its id', async () => {
  const key = await keyOf(ask('Hello'))
  expect(await keyOf(ask('Hello'), { id: 'req_other', passHeaders: { traceparent: '00-1-2-01' } })).toBe(key)
})

const reasonFor = (extra: Record<string, unknown>, overrides: Partial<RouterRequest> = {}) => {
  const body = ask('Hello', extra)
  return uncacheableReason(routerRequest(body, overrides), featuresOf(body))
}

test('finds a plain request fit for the cache, at temperature 0 as well', () => {
  expect(reasonFor({})).toBeUndefined()
  expect(reasonFor({ temperature: 0 })).toBeUndefined()
  expect(reasonFor({ temperature: null, tools: [], metadata: {} })).toBeUndefined()
})

test('keeps stateful and deliberately varied requests from the cache', () => {
  const image = [{ role: 'user', content: [{ type: 'image' }, { type: 'text', text: 'Hi' }] }]
  const result = [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x' }] }]
  expect(reasonFor({ tools: [{ name: 'x' }] })).toBe('tools')
  expect(reasonFor({ messages: result })).toBe('tools')
  expect(reasonFor({ messages: image })).toBe('non-text content')
  expect(reasonFor({ thinking: { type: 'enabled' } })).toBe('thinking')
  expect(reasonFor({ container: 'x' })).toBe('unknown field')
  expect(reasonFor({ temperature: 0.1 })).toBe('temperature above 0')
  expect(reasonFor({ metadata: { user_id: 'u' } })).toBe('metadata.user_id')
  expect(reasonFor({}, { logprobs: true })).toBe('logprobs')
  expect(reasonFor({}, { cutAt: ['\n'] })).toBe('stops of the router')
})

test('makes no key of a body that is too large for one, whatever makes it large', () => {
  expect(reasonFor({ system: 'word '.repeat(120_000) })).toBe('long body')
  expect(reasonFor({ stop_sequences: Array.from({ length: 200_000 }, () => 'x') })).toBe('long body')
  expect(reasonFor({ metadata: { note: 'x'.repeat(600_000) } })).toBe('long body')
})

test('keeps whole, plain answers only', () => {
  const text = { type: 'text', text: 'x' }
  expect(isCacheableAnswer(localMessage())).toBe(true)
  expect(isCacheableAnswer(localMessage({ stop_reason: 'stop_sequence' }))).toBe(true)
  for (const stop_reason of ['max_tokens', 'refusal', 'tool_use', 'pause_turn', 'something_new', null])
    expect(isCacheableAnswer(localMessage({ stop_reason })), String(stop_reason)).toBe(false)
  expect(isCacheableAnswer(localMessage({ content: [] }))).toBe(false)
  for (const type of ['tool_use', 'thinking', 'hologram'])
    expect(isCacheableAnswer(localMessage({ content: [text, { type }] })), type).toBe(false)
})
