/** The sentence that says what the router cost and saved. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatNanoUsd,
  formatShare,
  type SavingsFigures,
  savingsSentence,
} from '../../shared/savings-sentence.ts'

const usd = (amount: number) => Math.round(amount * 1e9)
const month: SavingsFigures = {
  period: 'Last 30 days',
  requests: 41_200,
  localRequests: 15_656,
  costNanoUsd: usd(12.4),
  containerNanoUsd: usd(25),
  savedNanoUsd: usd(28.1),
  unpricedRequests: 165,
  baselineModel: 'claude-sonnet-5-5',
}

test('says requests, share, costs, saving and what is not known in one sentence', () => {
  expect(savingsSentence(month)).toEqual({
    text: 'Last 30 days: 41,200 requests, 38 % answered locally; Claude $12.40, container $25.00; against Sonnet alone you saved $3.10 (unknown price: 0.4 % of requests).',
    negative: false,
  })
})

test('says that the router was dearer, and marks it', () => {
  const dear = savingsSentence({ ...month, savedNanoUsd: usd(5), unpricedRequests: 0 })
  expect(dear.text).toContain('against Sonnet alone you paid $20.00 more.')
  expect(dear.negative).toBe(true)
})

test('leaves a container out that costs nothing', () => {
  const { text } = savingsSentence({ ...month, containerNanoUsd: 0 })
  expect(text).toContain('; Claude $12.40; against Sonnet alone you saved $28.10')
})

test('counts the container where nobody asked anything', () => {
  const none = {
    ...month,
    requests: 0,
    localRequests: 0,
    costNanoUsd: 0,
    savedNanoUsd: 0,
    unpricedRequests: 0,
  }
  expect(savingsSentence(none)).toEqual({
    text: 'Last 30 days: no requests; Claude $0.00, container $25.00; against Sonnet alone you paid $25.00 more.',
    negative: true,
  })
  expect(savingsSentence({ ...none, containerNanoUsd: 0 })).toEqual({
    text: 'Last 30 days: no requests.',
    negative: false,
  })
})

test('claims no saving where no price is known', () => {
  const unknown = {
    ...month,
    requests: 3,
    localRequests: 3,
    costNanoUsd: 0,
    savedNanoUsd: 0,
    unpricedRequests: 3,
  }
  expect(savingsSentence({ ...unknown, containerNanoUsd: 0 }).text).toBe(
    'Last 30 days: 3 requests, 100 % answered locally; Claude $0.00; what it saved is not known (unknown price: 100 % of requests).',
  )
})

test('names a model that is not Claude’s as it is, and one request in the singular', () => {
  const { text } = savingsSentence({
    ...month,
    requests: 1,
    localRequests: 0,
    unpricedRequests: 0,
    baselineModel: 'my-model',
  })
  expect(text).toContain('1 request, 0 % answered locally')
  expect(text).toContain('against my-model alone')
})

test('rounds to cents, and makes nothing of nothing only', () => {
  expect(formatNanoUsd(usd(1234.565))).toBe('$1,234.57')
  expect(formatNanoUsd(-usd(2))).toBe('−$2.00')
  expect(formatNanoUsd(7_700)).toBe('less than $0.01')
  expect(formatNanoUsd(0)).toBe('$0.00')
})

test('claims neither nothing nor everything where a single request speaks against it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      (whole, some) => {
        const part = Math.min(whole, some)
        const text = formatShare(part, whole)
        expect(text === '0 %').toBe(part === 0)
        expect(text === '100 %').toBe(part === whole)
      },
    ),
  )
})

test('is negative exactly where the container costs more than was saved', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e12, max: 1e12 }),
      fc.integer({ min: 0, max: 1e12 }),
      (saved, container) => {
        const { negative } = savingsSentence({ ...month, savedNanoUsd: saved, containerNanoUsd: container })
        expect(negative).toBe(saved < container)
      },
    ),
  )
})
