/** What a receipt adds to the totals, and that totals which were kept are the same totals. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addPacked, addReceipt, createSums, packSums, totalsOf } from '../../../edge/ledger/totals.ts'
import { receiptFields, receiptRecord } from '../../support/edge/receipt-records.ts'

function totalsOfOne(fields: Parameters<typeof receiptRecord>[1]) {
  const sums = createSums()
  addReceipt(sums, receiptRecord(0, fields))
  return totalsOf(sums)
}

test.each(['costNanoUsd', 'baselineNanoUsd', 'savedNanoUsd'])(
  'a receipt with tokens and without %s is in no sum of money',
  (unknown) => {
    expect(totalsOfOne({ [unknown]: null })).toMatchObject({
      unpriced: 1,
      inputTokens: 100,
      costNanoUsd: 0,
      baselineNanoUsd: 0,
      savedNanoUsd: 0,
    })
  },
)

test('what failed attempts cost counts where no tokens are known', () => {
  const failed = {
    tokens: null,
    outcome: 'failed',
    costNanoUsd: 7,
    baselineNanoUsd: null,
    savedNanoUsd: null,
  } as const
  expect(totalsOfOne(failed)).toMatchObject({ unpriced: 0, costNanoUsd: 7, failed: 1, completed: 0 })
})

test('an attempt that Claude never told of is unknown, not free', () => {
  const timedOut = {
    tokens: null,
    outcome: 'failed',
    costNanoUsd: null,
    baselineNanoUsd: 0,
    savedNanoUsd: null,
  } as const
  expect(totalsOfOne(timedOut)).toMatchObject({ unpriced: 1, costNanoUsd: 0, failed: 1 })
})

test('a saving may be negative', () => {
  expect(totalsOfOne({ savedNanoUsd: -5 }).savedNanoUsd).toBe(-5)
})

test('a refusal or a cache hit that took 0 ms took a time, a row of a batch took none that anybody knows', () => {
  const counted = (fields: Parameters<typeof receiptRecord>[1]) => {
    const { latency } = totalsOfOne({ latencyMs: 0, firstContentMs: null, ...fields })
    return latency.reduce((sum, count) => sum + count, 0)
  }
  expect(totalsOfOne({ outcome: 'refused', latencyMs: 0, firstContentMs: null }).latency[0]).toBe(1)
  expect(counted({ outcome: 'refused' })).toBe(1)
  expect(counted({ cache: 'hit', route: 'cache' })).toBe(1)
  expect(counted({ surface: 'batches' })).toBe(0)
})

test('totals that were kept as text add up to the same', () => {
  fc.assert(
    fc.property(fc.array(receiptFields, { maxLength: 20 }), fc.nat(20), (receipts, cut) => {
      const whole = createSums()
      for (const fields of receipts) addReceipt(whole, receiptRecord(0, fields))
      const joined = createSums()
      for (const part of [receipts.slice(0, cut), receipts.slice(cut)]) {
        const sums = createSums()
        for (const fields of part) addReceipt(sums, receiptRecord(0, fields))
        addPacked(joined, JSON.parse(JSON.stringify(packSums(sums))))
      }
      expect(totalsOf(joined)).toEqual(totalsOf(whole))
    }),
  )
})
