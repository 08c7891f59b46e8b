/** When requests are admitted, say their first word and end, told beforehand. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { forecast, hasRoom, type Work } from '../../../inference/serving/forecast.ts'

const pace = { msPerPrefillToken: 2, msPerToken: 10 }
const work = (prefillTokens: number, decodeTokens: number, cacheTokens = 1): Work => ({
  prefillTokens,
  decodeTokens,
  cacheTokens,
})

test('reads prompts one after another and writes answers side by side', () => {
  expect(forecast([work(0, 5)], [work(10, 3), work(20, 1)], { rows: 3, cacheTokens: 100 }, pace)).toEqual([
    { admittedMs: 0, firstTokenMs: 20, finishedMs: 50 },
    { admittedMs: 0, firstTokenMs: 60, finishedMs: 70 },
  ])
})

test('admits when a row becomes free, and nobody before the one ahead', () => {
  const running = [work(0, 5), work(0, 9)]
  expect(forecast(running, [work(1, 1), work(0, 2)], { rows: 2, cacheTokens: 100 }, pace)).toEqual([
    { admittedMs: 50, firstTokenMs: 52, finishedMs: 62 },
    { admittedMs: 62, firstTokenMs: 62, finishedMs: 82 },
  ])
})

test('waits for cache where rows are free: all rows take as much as the longest', () => {
  const capacity = { rows: 8, cacheTokens: 100 }
  expect(hasRoom([work(0, 1, 50)], work(0, 1, 10), capacity)).toBe(true)
  expect(hasRoom([work(0, 1, 50), work(0, 1, 10)], work(0, 1, 10), capacity)).toBe(false)
  expect(hasRoom([], work(0, 1, 1000), capacity)).toBe(true)
  const [long] = forecast([work(0, 3, 10)], [work(0, 1, 90)], capacity, pace)
  expect(long).toMatchObject({ admittedMs: 30 })
})

test('is in order, never earlier with more ahead, and never later than one at a time', () => {
  const works = fc.array(
    fc.record({
      prefillTokens: fc.nat(500),
      decodeTokens: fc.nat(200),
      cacheTokens: fc.integer({ min: 1, max: 700 }),
    }),
    { maxLength: 12 },
  )
  const capacity = fc.record({ rows: fc.integer({ min: 1, max: 8 }), cacheTokens: fc.nat(3000) })
  fc.assert(
    fc.property(works, works, capacity, (waiting, ahead, limits) => {
      const alone = (all: readonly Work[]) =>
        all.reduce((sum, { prefillTokens, decodeTokens }) => sum + prefillTokens * 2 + decodeTokens * 10, 0)
      const told = forecast(ahead.slice(0, limits.rows), waiting, limits, pace)
      for (const [index, { admittedMs, firstTokenMs, finishedMs }] of told.entries()) {
        expect(admittedMs).toBeGreaterThanOrEqual(told[index - 1]?.admittedMs ?? 0)
        expect(firstTokenMs).toBeGreaterThanOrEqual(admittedMs)
        expect(finishedMs).toBeGreaterThanOrEqual(firstTokenMs)
        expect(finishedMs).toBeLessThanOrEqual(alone([...ahead, ...waiting.slice(0, index + 1)]))
      }
    }),
  )
})
