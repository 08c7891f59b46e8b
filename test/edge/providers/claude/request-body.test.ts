/** The bytes that Claude gets: the client's own, but for a virtual model name and what the chosen model would refuse. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claudeChanges, claudeRequestBody } from '../../../../edge/providers/claude/request-body.ts'
import type { Target } from '../../../../edge/target.ts'
import { parseMessagesRequest } from '../../../../shared/messages.ts'
import { routerRequest } from '../../../support/edge/requests.ts'

const target: Target = { provider: 'claude', model: 'claude-haiku-5-5' }
const space = fc.stringMatching(/^[ \t\n\r]{0,3}$/)
const number = fc.constantFrom('1.0', '1e2', '-0', '0.10', '1E-7', '12345678901234567890')
const text = fc.constantFrom('"\\u0041\\/"', '"é\\n"', '"\\ud83d\\ude00"', '"}{][,:"', '"\\\\\\""', '""')
const value: fc.Arbitrary<string> = fc.oneof(
  number,
  text,
  fc.json({ maxDepth: 3 }),
  fc.constantFrom('null', 'true', '[]', '{ }', '{"model":"auto","temperature":1}'),
)
const key = fc
  .stringMatching(/^[a-z_]{1,10}$/)
  .filter((name) => !['model', 'messages', 'stream', 'system', 'tools', 'temperature'].includes(name))
const extras = fc.uniqueArray(fc.tuple(key, value), { maxLength: 5, selector: ([name]) => name })

/** Writes a body member by member, with odd spacing, the model somewhere among the others. */
const bodyWith = (models: readonly string[]) =>
  fc
    .tuple(extras, fc.constantFrom(...models), fc.nat(), fc.infiniteStream(space))
    .map(([members, model, at, spaces]) => {
      const gap = () => spaces.next().value ?? ''
      const all: [string, string][] = [
        ['max_tokens', '64'],
        ['messages', '[ {"role" : "user","content":"Hello \\"auto\\""}]'],
        ...members.filter(([name]) => !['max_tokens', 'top_k', 'top_p', 'stop_sequences'].includes(name)),
      ]
      all.splice(at % (all.length + 1), 0, ['model', JSON.stringify(model)])
      const parts = all.map(([name, json]) => `${gap()}"${name}"${gap()}:${gap()}${json}${gap()}`)
      return { text: `${gap()}{${parts.join(',')}}${gap()}`, model }
    })

function requestOf(json: string) {
  return routerRequest(undefined, {
    text: json,
    body: new TextEncoder().encode(json),
    view: parseMessagesRequest(JSON.parse(json)),
  })
}

const sent = (json: string, to = target, isFallback = false, version?: string): string => {
  const request = requestOf(json)
  const apiHeaders = version === undefined ? {} : { 'anthropic-version': version }
  const body = claudeRequestBody(request, claudeChanges({ ...request, apiHeaders }, to, isFallback))
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

test('is the client’s body byte for byte where the client named the model', () => {
  fc.assert(
    fc.property(bodyWith(['claude-haiku-5-5', 'claude-9']), ({ text: json, model }) => {
      const request = requestOf(json)
      expect(claudeRequestBody(request, claudeChanges(request, { provider: 'claude', model }, false))).toBe(
        request.body,
      )
    }),
  )
})

test('differs only in the model’s name where the router chose it', () => {
  fc.assert(
    fc.property(bodyWith(['auto', 'claude-auto', 'local']), ({ text: json, model }) => {
      const result = sent(json)
      expect(JSON.parse(result)).toEqual({ ...JSON.parse(json), model: 'claude-haiku-5-5' })
      // Somewhere in the text, one name has taken the other's place, and nothing else has changed.
      const spots = [...json.matchAll(new RegExp(JSON.stringify(model), 'g'))].map(({ index }) => index)
      const cut = (at: number) => `${json.slice(0, at)}"claude-haiku-5-5"${json.slice(at + model.length + 2)}`
      expect(spots.map(cut)).toContain(result)
    }),
  )
})

const asked = (fields: string) =>
  `{ "temperature": 0.5, "model":"auto",${fields} "max_tokens":64, "messages":[{"role":"user","content":"Hi"}] , "top_k" : 5}`

test('drops sampling parameters that the model which the router chose would refuse', () => {
  expect(sent(asked(' "top_p":1,'))).toBe(
    '{ "model":"claude-haiku-5-5", "max_tokens":64, "messages":[{"role":"user","content":"Hi"}]}',
  )
})

test('keeps them for a model that takes them, unless the API version does not', () => {
  const older: Target = { provider: 'claude', model: 'claude-haiku-4-5' }
  expect(JSON.parse(sent(asked(''), older))).toMatchObject({ temperature: 0.5, top_k: 5 })
  expect(JSON.parse(sent(asked(''), older, false, '2026-10-21'))).not.toHaveProperty('temperature')
})

test('drops top_p beside a temperature where the model takes only one of them', () => {
  const both = asked(' "top_p":1,')
  const newer: Target = { provider: 'claude', model: 'claude-haiku-4-5' }
  expect(JSON.parse(sent(both, newer))).toMatchObject({ temperature: 0.5, top_k: 5 })
  expect(JSON.parse(sent(both, newer))).not.toHaveProperty('top_p')
  const alone = both.replace('"temperature": 0.5, ', '')
  expect(JSON.parse(sent(alone, newer))).toMatchObject({ top_p: 1, top_k: 5 })
  const oldest: Target = { provider: 'claude', model: 'claude-3-haiku-20240307' }
  expect(JSON.parse(sent(both, oldest))).toMatchObject({ temperature: 0.5, top_p: 1 })
  // What the client asked of Claude itself is the client's own affair.
  const named = both.replace('auto', newer.model)
  expect(sent(named, newer)).toBe(named)
  expect(JSON.parse(sent(named, newer, true))).not.toHaveProperty('top_p')
})

test('drops them on fallback even where the client named the model, and only then', () => {
  const json = asked('').replace('auto', 'claude-haiku-5-5')
  expect(sent(json)).toBe(json)
  expect(JSON.parse(sent(json, target, true))).not.toHaveProperty('temperature')
})

test('drops a member wherever it stands', () => {
  const rest = '"model":"auto","max_tokens":1,"messages":[{"role":"user","content":"temperature\\": 1,"}]'
  for (const json of [
    `{"temperature":1,${rest}}`,
    `{${rest},"temperature":1}`,
    `{${rest} , "temperature" : 1 }`,
  ])
    expect(JSON.parse(sent(json))).toEqual({ ...JSON.parse(`{${rest}}`), model: 'claude-haiku-5-5' })
})

test('gives a request without a limit the most that the model writes, whichever answers', () => {
  const request = routerRequest(JSON.parse(asked('')), { translated: true, unlimited: true })
  for (const [model, limit] of [
    ['claude-haiku-5-5', 128_000],
    ['claude-haiku-4-5', 64_000],
  ] as const) {
    const body = claudeRequestBody(request, claudeChanges(request, { provider: 'claude', model }, false))
    expect(JSON.parse(String(body)).max_tokens).toBe(limit)
  }
})
