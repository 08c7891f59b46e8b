/** What may be taken of a limit, against a model that remembers everything: never more, and never for longer than said. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AllowanceLimit, createAllowance } from '../../../edge/fallback/allowance.ts'

const WINDOW_MS = 60_000

function allowanceOf(limit: AllowanceLimit) {
  const clock = { now: 1_000_000 }
  return { clock, allowance: createAllowance([limit], () => clock.now) }
}

test('takes so many in a window and says when the next may be', () => {
  const { clock, allowance } = allowanceOf({ kind: 'count', most: 2, windowMs: WINDOW_MS })
  for (const id of ['a', 'b']) {
    expect(allowance.waitMs(undefined)).toBe(0)
    allowance.take(id, undefined)
  }
  const waitMs = allowance.waitMs(undefined)
  expect(waitMs).toBeGreaterThanOrEqual(WINDOW_MS)
  clock.now += waitMs - 1
  expect(allowance.waitMs(undefined)).toBe(1)
  clock.now += 1
  expect(allowance.waitMs(undefined)).toBe(0)
})

test('a share is of the requests that came, and a few may be taken whatever their share', () => {
  const { allowance } = allowanceOf({ kind: 'share', percent: 5, least: 0, windowMs: WINDOW_MS })
  for (let count = 0; count < 19; count++) allowance.came()
  expect(allowance.waitMs(0)).toBe(Number.POSITIVE_INFINITY)
  allowance.came()
  expect(allowance.waitMs(0)).toBe(0)
  allowance.take('a', 0)
  expect(allowance.waitMs(0)).toBeGreaterThan(0)

  const few = allowanceOf({ kind: 'share', percent: 5, least: 3, windowMs: WINDOW_MS }).allowance
  for (const id of ['a', 'b', 'c']) {
    expect(few.waitMs(0)).toBe(0)
    few.take(id, 0)
  }
  expect(few.waitMs(0)).toBeGreaterThan(0)
})

test('money is counted as expected until it is known, and what has no price has no room', () => {
  const { clock, allowance } = allowanceOf({ kind: 'money', mostNanoUsd: 100, windowMs: WINDOW_MS })
  expect(allowance.waitMs(undefined)).toBe(Number.POSITIVE_INFINITY)
  expect(allowance.waitMs(101)).toBe(Number.POSITIVE_INFINITY)
  allowance.take('a', 60)
  expect(allowance.waitMs(60)).toBeGreaterThan(0)
  allowance.settle('a', 30)
  allowance.settle('a', 0)
  allowance.settle('unheard of', 1_000)
  expect(allowance.waitMs(70)).toBe(0)
  allowance.take('b', 70)
  expect(allowance.waitMs(1)).toBeGreaterThan(0)
  clock.now += 2 * WINDOW_MS
  allowance.settle('b', 1_000)
  expect(allowance.waitMs(100)).toBe(0)
})

const limit = fc.oneof(
  fc.record({ kind: fc.constant('count' as const), most: fc.nat(5), windowMs: fc.constant(WINDOW_MS) }),
  fc.record({
    kind: fc.constant('share' as const),
    percent: fc.integer({ min: 1, max: 100 }),
    least: fc.nat(3),
    windowMs: fc.constant(WINDOW_MS),
  }),
  fc.record({
    kind: fc.constant('money' as const),
    mostNanoUsd: fc.nat(300),
    windowMs: fc.constant(WINDOW_MS),
  }),
)
const event = fc.record({ afterMs: fc.nat(20_000), nanoUsd: fc.nat(100), costsNanoUsd: fc.nat(100) })

test('no window holds more than the limit, and whoever waits as told may take', () => {
  void fc.assert(
    fc.property(limit, fc.array(event, { maxLength: 60 }), (limited, events) => {
      const { clock, allowance } = allowanceOf(limited)
      const taken: { readonly at: number; readonly nanoUsd: number }[] = []
      const came: number[] = []
      for (const [index, { afterMs, nanoUsd, costsNanoUsd }] of events.entries()) {
        clock.now += afterMs
        allowance.came()
        came.push(clock.now)
        if (allowance.waitMs(nanoUsd) > 0) continue
        const id = String(index)
        allowance.take(id, nanoUsd)
        const cost = Math.min(nanoUsd, costsNanoUsd)
        allowance.settle(id, cost)
        taken.push({ at: clock.now, nanoUsd: cost })
        const recent = taken.filter(({ at }) => at > clock.now - WINDOW_MS)
        if (limited.kind === 'count') expect(recent.length).toBeLessThanOrEqual(limited.most)
        else if (limited.kind === 'money')
          // The one that is taken last was expected to cost so much, whatever it did.
          expect(recent.reduce((sum, each) => sum + each.nanoUsd, 0)).toBeLessThanOrEqual(limited.mostNanoUsd)
        else {
          // A slot, a sixtieth of the window, is counted whole.
          const of = came.filter((at) => at > clock.now - WINDOW_MS - 2 * (WINDOW_MS / 60)).length
          const most = Math.max(limited.least, (limited.percent * of) / 100 + 1e-6)
          expect(recent.length).toBeLessThanOrEqual(most)
        }
      }
      const waitMs = allowance.waitMs(1)
      if (!Number.isFinite(waitMs)) return
      clock.now += waitMs
      expect(allowance.waitMs(1)).toBe(0)
    }),
  )
})

test('a clock that is set back neither frees nor loses anything', () => {
  const { clock, allowance } = allowanceOf({ kind: 'count', most: 1, windowMs: WINDOW_MS })
  allowance.take('a', 0)
  clock.now -= 500_000
  expect(allowance.waitMs(0)).toBeGreaterThan(0)
  allowance.take('b', 0)
  clock.now += 500_000 + 2 * WINDOW_MS
  expect(allowance.waitMs(0)).toBe(0)
})
