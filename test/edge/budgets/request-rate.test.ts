/** Requests per minute: a bucket that refills steadily, whatever the clock does. */
import { expect, test } from 'vitest'
import { requestRate, takeRequest } from '../../../edge/budgets/request-rate.ts'

/** Returns how many of `count` requests at `now` are let in, and what is remembered then. */
function ask(fullAt: number, perMinute: number, now: number, count: number) {
  let letIn = 0
  let full = fullAt
  for (let at = 0; at < count; at++) {
    const rate = requestRate(full, perMinute, now)
    if (rate.remaining < 1) continue
    full = takeRequest(rate, perMinute)
    letIn++
  }
  return { letIn, fullAt: full }
}

test.each([1, 7, 60, 997])('lets in %i at once, then one per interval', (perMinute) => {
  const now = Date.UTC(2026, 10, 27)
  const { letIn, fullAt } = ask(0, perMinute, now, perMinute + 5)
  expect(letIn).toBe(perMinute)
  const { opensAt, remaining } = requestRate(fullAt, perMinute, now)
  expect(remaining).toBe(0)
  expect(opensAt - now).toBeCloseTo(60_000 / perMinute, 0)
  expect(ask(fullAt, perMinute, Math.ceil(opensAt), 5).letIn).toBe(1)
  expect(ask(fullAt, perMinute, now + 60_000, perMinute + 5).letIn).toBe(perMinute)
})

test('a clock that jumps back neither opens the bucket nor closes it for longer than it takes to refill', () => {
  const now = Date.UTC(2026, 10, 27)
  const { fullAt } = ask(0, 60, now, 60)
  const earlier = now - 86_400_000
  expect(requestRate(fullAt, 60, earlier).remaining).toBe(0)
  expect(requestRate(fullAt, 60, earlier).opensAt).toBe(earlier + 1_000)
})
