/** Guesses of the admin key are slowed down, each address by itself. */
import { expect, test } from 'vitest'
import { createLoginLimiter } from '../../../edge/middleware/login-limiter.ts'

const MINUTE = 60_000

function limiterAt(time: { now: number }) {
  return createLoginLimiter(() => time.now)
}

test('lets an address wait after ten wrong tries, until five minutes after the first', () => {
  const time = { now: 0 }
  const limiter = limiterAt(time)
  for (let tried = 0; tried < 10; tried++) {
    expect(limiter.waitMs('1.2.3.4')).toBe(0)
    limiter.noteWrong('1.2.3.4')
    time.now += 1000
  }
  expect(limiter.waitMs('1.2.3.4')).toBe(5 * MINUTE - 10_000)
  expect(limiter.waitMs('5.6.7.8')).toBe(0)
  time.now = 5 * MINUTE
  expect(limiter.waitMs('1.2.3.4')).toBe(0)
})

test('forgets wrong tries when the key was right', () => {
  const limiter = limiterAt({ now: 0 })
  for (let tried = 0; tried < 10; tried++) limiter.noteWrong('1.2.3.4')
  limiter.noteRight('1.2.3.4')
  expect(limiter.waitMs('1.2.3.4')).toBe(0)
})

test('remembers a bounded number of addresses', () => {
  const limiter = limiterAt({ now: 0 })
  for (let tried = 0; tried < 10; tried++) limiter.noteWrong('first')
  for (let address = 0; address < 1000; address++) limiter.noteWrong(`10.0.0.${address}`)
  expect(limiter.waitMs('first')).toBe(0)
})
