/** From which probability a model hands over, on items whose probabilities are made up. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chooseHandover,
  handoverTrade,
  thresholdsLeftOut,
  type WeighedItem,
} from '../../../bench/handover/choose-handover.ts'
import { handoverReport } from '../../../bench/handover/handover-report.ts'

const item: fc.Arbitrary<WeighedItem> = fc.record({
  kind: fc.constantFrom('small_talk', 'easy_fact', 'cannot_know'),
  unknowable: fc.boolean(),
  right: fc.boolean(),
  // Where the token is rarely meant it is nowhere probable.
  score: fc.oneof(
    fc.double({ min: 0, max: 0.9, noNaN: true }),
    fc.double({ min: 0, max: 1e-4, noNaN: true }),
  ),
})
const items = fc.array(item, { minLength: 1 })
const share = fc.double({ min: 0, max: 0.99, noNaN: true })

test('at most the share of right answers is lost, and every item is counted once', () => {
  fc.assert(
    fc.property(items, share, (all, lost) => {
      const threshold = chooseHandover(all, lost)
      const trade = handoverTrade(all, () => threshold)
      expect(trade.rightLost).toBeLessThanOrEqual(lost * trade.right)
      expect(threshold).toBe(Number(threshold.toFixed(4)))
      expect(trade.unknowable + trade.right + trade.wrong).toBe(all.length)
    }),
  )
})

test('what cannot be known is no loss, though it was answered in words that pass', () => {
  const unknowable = { kind: 'cannot_know', unknowable: true, right: true, score: 0.3 }
  const known = { kind: 'easy_fact', unknowable: false, right: true, score: 0.1 }
  const threshold = chooseHandover([unknowable, known], 0)
  expect(handoverTrade([unknowable, known], () => threshold)).toMatchObject({
    unknowableHandedOver: 1,
    rightLost: 0,
  })
})

test('a kind is weighed at the threshold of the others', () => {
  const of = (kind: string, score: number): WeighedItem => ({ kind, unknowable: false, right: true, score })
  const [easy, hard] = [of('easy_fact', 0.1), of('small_talk', 0.4)]
  const together = chooseHandover([easy, hard], 0)
  expect(handoverTrade([easy, hard], () => together).rightLost).toBe(0)
  // By the easy facts alone .4 is already too much.
  expect(handoverTrade([easy, hard], thresholdsLeftOut([easy, hard], 0)).rightLost).toBe(1)
})

test('the report names every kind', () => {
  fc.assert(
    fc.property(items, share, (all, lost) => {
      const report = handoverReport('a model', all, chooseHandover(all, lost))
      for (const { kind } of all) expect(report).toContain(`| ${kind} |`)
      expect(report).not.toContain('NaN')
    }),
  )
})
