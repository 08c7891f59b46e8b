/** The signed value of an administrator's session. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  readSession,
  renewSession,
  SESSION_MS,
  startSession,
} from '../../../edge/middleware/session-token.ts'

const DIGEST = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)
const NOW = 1_795_000_000_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

test('holds until it is over', async () => {
  const value = await startSession(DIGEST, NOW)
  const session = { startedAt: NOW, issuedAt: NOW }
  expect(await readSession(DIGEST, value, NOW)).toEqual(session)
  expect(await readSession(DIGEST, value, NOW + SESSION_MS - 1)).toEqual(session)
  expect(await readSession(DIGEST, value, NOW + SESSION_MS)).toBeUndefined()
})

test('ends with the admin key that it was given for', async () => {
  const value = await startSession(DIGEST, NOW)
  expect(await readSession(OTHER, value, NOW)).toBeUndefined()
})

test('is renewed while it is used, for a week at most', async () => {
  let value = await startSession(DIGEST, NOW)
  let now = NOW
  let renewed = 0
  for (;;) {
    now += 6 * HOUR
    const session = await readSession(DIGEST, value, now)
    if (session === undefined) break
    const next = await renewSession(DIGEST, session, now)
    if (next !== undefined) {
      value = next
      renewed += 1
    }
  }
  expect(renewed).toBe(27)
  expect(now).toBe(NOW + 7 * DAY)
  expect(await renewSession(DIGEST, { startedAt: NOW, issuedAt: NOW }, NOW + HOUR - 1)).toBeUndefined()
})

test('does not hold before it was issued: a clock may be a minute off', async () => {
  const value = await startSession(DIGEST, NOW)
  expect(await readSession(DIGEST, value, NOW - 30_000)).toBeDefined()
  expect(await readSession(DIGEST, value, NOW - HOUR)).toBeUndefined()
})

test('holds only as it was signed', async () => {
  const value = await startSession(DIGEST, NOW)
  const [version, started, issued, signature] = value.split('.')
  const forged = [
    [version, started, Number(issued) + 1, signature],
    [version, Number(started) + 1, issued, signature],
    ['2', started, issued, signature],
    [version, started, issued, signature?.toUpperCase()],
    [version, started, issued, ''],
    [version, started, issued, signature, signature],
  ].map((parts) => parts.join('.'))
  for (const each of forged) expect(await readSession(DIGEST, each, NOW)).toBeUndefined()
  await fc.assert(
    fc.asyncProperty(
      fc.nat(value.length - 1),
      fc.constantFrom(...'0123456789abcdef.'),
      async (at, character) => {
        const changed = value.slice(0, at) + character + value.slice(at + 1)
        expect((await readSession(DIGEST, changed, NOW)) !== undefined).toBe(changed === value)
      },
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      expect(await readSession(DIGEST, text, NOW)).toBeUndefined()
    }),
  )
})
