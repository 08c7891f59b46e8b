/** When a server's word of its load keeps requests away, and how soon somebody finds out that it no longer holds. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLateness } from '../../../../edge/providers/local/lateness.ts'

function latenessOf() {
  const clock = { now: 1_000 }
  return { clock, lateness: createLateness(() => clock.now) }
}

test('knows nothing before anything was told', () => {
  const { lateness } = latenessOf()
  lateness.asked()
  expect(lateness.expectedWaitMs()).toBe(0)
  expect(lateness.exceeds(0)).toBe(false)
})

test('a prediction ends when the wait that it is made of would be over in time', () => {
  const { clock, lateness } = latenessOf()
  lateness.told(4_500)
  expect(lateness.exceeds(4_000)).toBe(true)
  clock.now += 500
  expect(lateness.expectedWaitMs()).toBe(4_000)
  expect(lateness.exceeds(4_000)).toBe(false)
})

test('one request finds out after a second, and another where that one tells nothing for two', () => {
  const { clock, lateness } = latenessOf()
  lateness.told(60_000)
  clock.now += 999
  lateness.asked()
  expect(lateness.exceeds(4_000)).toBe(true)
  clock.now += 1
  expect(lateness.exceeds(4_000)).toBe(false)
  lateness.asked()
  expect(lateness.exceeds(4_000)).toBe(true)
  clock.now += 2_000
  expect(lateness.exceeds(4_000)).toBe(false)
})

test('whatever is told and asked, nobody is kept away for longer than a trial after the last word', () => {
  const step = fc.oneof(
    fc.record({ told: fc.nat(60_000) }),
    fc.record({ wait: fc.nat(3_000) }),
    fc.constant({ asked: true as const }),
  )
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(20_000), (steps, longestMs) => {
      const { clock, lateness } = latenessOf()
      let word: { readonly waitMs: number; readonly at: number } | undefined
      for (const each of steps) {
        if ('told' in each) {
          word = { waitMs: each.told, at: clock.now }
          lateness.told(each.told)
        } else if ('wait' in each) clock.now += each.wait
        else lateness.asked()
        if (!lateness.exceeds(longestMs)) continue
        // Only a word that is recent, and that says so even now, keeps anybody away.
        expect(word && word.waitMs - (clock.now - word.at)).toBeGreaterThan(longestMs)
        expect(word && clock.now - word.at).toBeLessThan(5_000)
      }
      clock.now += 5_000
      expect(lateness.exceeds(longestMs)).toBe(false)
    }),
  )
})
