/** The breaker, against a model of its states: when it opens, how long, and that one probe at a time goes through. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Breaker, createBreaker } from '../../../../edge/providers/local/breaker.ts'

function breakerAt() {
  const clock = { now: 1_000 }
  return { clock, breaker: createBreaker({ now: () => clock.now }) }
}

function fail(breaker: Breaker, times: number): void {
  for (let at = 0; at < times; at++) breaker.failed()
}

test('opens on the third failure in a row', () => {
  const { breaker } = breakerAt()
  fail(breaker, 2)
  expect(breaker.state()).toBe('closed')
  breaker.succeeded()
  fail(breaker, 2)
  expect(breaker.state()).toBe('closed')
  fail(breaker, 1)
  expect(breaker.state()).toBe('open')
  expect(breaker.waitMs()).toBe(15_000)
})

test('opens when half of at least ten requests failed within 30 seconds', () => {
  const { breaker } = breakerAt()
  for (let at = 0; at < 4; at++) {
    breaker.succeeded()
    breaker.failed()
  }
  breaker.succeeded()
  expect(breaker.state()).toBe('closed')
  breaker.failed()
  expect(breaker.state()).toBe('open')
})

test('forgets what is older than 30 seconds', () => {
  const { breaker, clock } = breakerAt()
  for (let at = 0; at < 4; at++) {
    breaker.succeeded()
    breaker.failed()
  }
  breaker.succeeded()
  clock.now += 30_000
  breaker.failed()
  expect(breaker.state()).toBe('closed')
})

test('waits twice as long after each failed probe, up to five minutes', () => {
  const { breaker, clock } = breakerAt()
  fail(breaker, 3)
  const waits: number[] = []
  for (let at = 0; at < 7; at++) {
    waits.push(breaker.waitMs())
    clock.now += breaker.waitMs()
    expect(breaker.state()).toBe('half_open')
    expect(breaker.takeProbe()).toBe(true)
    breaker.failed()
    expect(breaker.state()).toBe('open')
  }
  expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
  clock.now += breaker.waitMs()
  breaker.succeeded()
  expect(breaker.state()).toBe('closed')
  fail(breaker, 3)
  expect(breaker.waitMs()).toBe(15_000)
})

test('opens for as long as the upstream asks, at most a minute', () => {
  const { breaker, clock } = breakerAt()
  breaker.openFor(5_000)
  expect(breaker.waitMs()).toBe(5_000)
  breaker.openFor(2_000)
  expect(breaker.waitMs()).toBe(5_000)
  breaker.openFor(3_600_000)
  expect(breaker.waitMs()).toBe(60_000)
  clock.now += 60_000
  expect(breaker.state()).toBe('half_open')
})

test('gives a probe up that never reports', () => {
  const { breaker, clock } = breakerAt()
  breaker.openFor(1_000)
  clock.now += 1_000
  expect(breaker.takeProbe()).toBe(true)
  expect(breaker.takeProbe()).toBe(false)
  clock.now += 29_999
  expect(breaker.takeProbe()).toBe(false)
  clock.now += 1
  expect(breaker.takeProbe()).toBe(true)
})

test('counts no failure of requests that began before it opened', () => {
  const { breaker } = breakerAt()
  fail(breaker, 3)
  const wait = breaker.waitMs()
  fail(breaker, 10)
  expect(breaker.waitMs()).toBe(wait)
})

test('a good readiness page lets one request try, and only its success closes what failures opened', () => {
  const { breaker } = breakerAt()
  fail(breaker, 3)
  expect(breaker.allows()).toBe(false)
  breaker.probeSucceeded()
  expect(breaker.state()).toBe('half_open')
  expect(breaker.begin()).toBe(true)
  expect(breaker.allows()).toBe(false)
  expect(breaker.begin()).toBe(false)
  breaker.failed()
  expect(breaker.state()).toBe('open')
  expect(breaker.waitMs()).toBe(30_000)
  breaker.probeSucceeded()
  expect(breaker.begin()).toBe(true)
  breaker.succeeded()
  expect(breaker.state()).toBe('closed')
})

test('a good readiness page forgives no failure and ends a wait that the server asked for', () => {
  const { breaker } = breakerAt()
  for (let at = 0; at < 3; at++) {
    breaker.probeSucceeded()
    breaker.failed()
  }
  expect(breaker.allows()).toBe(false)
  const { breaker: loading } = breakerAt()
  loading.openFor(5_000)
  loading.probeSucceeded()
  expect(loading.state()).toBe('closed')
})

test('a trial that says nothing, or never reports, leaves the next request to try', () => {
  const { breaker, clock } = breakerAt()
  fail(breaker, 3)
  breaker.probeSucceeded()
  expect(breaker.begin()).toBe(true)
  breaker.abandoned()
  expect(breaker.begin()).toBe(true)
  clock.now += 30_000
  expect(breaker.begin()).toBe(true)
})

type Step = { kind: 'wait' | 'openFor'; ms: number } | { kind: 'failed' | 'succeeded' | 'takeProbe' }

test('keeps its promises whatever happens in whatever order', () => {
  const ms = fc.oneof(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 400_000 }))
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constantFrom('wait' as const, 'openFor' as const), ms }),
    fc.record({ kind: fc.constantFrom('failed' as const, 'succeeded' as const, 'takeProbe' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { breaker, clock } = breakerAt()
      const model = { row: 0, probing: Number.NEGATIVE_INFINITY }
      for (const current of steps) {
        const before = breaker.state()
        const waitBefore = breaker.waitMs()
        if (current.kind === 'wait') {
          clock.now += current.ms
          // Only time ends a wait, and exactly when it said.
          if (before === 'open') expect(breaker.state()).toBe(current.ms >= waitBefore ? 'half_open' : 'open')
          else expect(breaker.state()).toBe(before)
        } else if (current.kind === 'openFor') {
          breaker.openFor(current.ms)
          expect(breaker.state()).toBe('open')
          if (before !== 'open' || breaker.waitMs() !== waitBefore) model.probing = Number.NEGATIVE_INFINITY
          model.row = 0
        } else if (current.kind === 'failed') {
          breaker.failed()
          model.row = before === 'closed' ? model.row + 1 : model.row
          // One failure in a half-open state is enough; in an open one none counts.
          if (before === 'half_open') expect(breaker.state()).toBe('open')
          if (before === 'open') expect(breaker.waitMs()).toBe(waitBefore)
          if (before === 'closed' && model.row >= 3) expect(breaker.state()).toBe('open')
          if (breaker.state() === 'open' && before !== 'open') {
            model.row = 0
            model.probing = Number.NEGATIVE_INFINITY
          }
        } else if (current.kind === 'succeeded') {
          breaker.succeeded()
          expect(breaker.state()).toBe('closed')
          model.row = 0
          model.probing = Number.NEGATIVE_INFINITY
        } else {
          const free = clock.now - model.probing >= 30_000
          expect(breaker.takeProbe()).toBe(before === 'half_open' && free)
          if (before === 'half_open' && free) model.probing = clock.now
          expect(breaker.state()).toBe(before)
        }
        expect(breaker.waitMs()).toBeGreaterThanOrEqual(0)
        expect(breaker.waitMs()).toBeLessThanOrEqual(300_000)
        expect(breaker.waitMs() > 0).toBe(breaker.state() === 'open')
      }
    }),
    { numRuns: 500 },
  )
})
