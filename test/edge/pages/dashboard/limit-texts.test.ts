/** Limits between forms, words and the API. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  endsAtTime,
  formatLimitAmount,
  LIMIT_FIELDS,
  limitLabel,
  limitOfTexts,
  limitSentences,
  limitTexts,
} from '../../../../edge/pages/dashboard/limit-texts.ts'

test('sends what was filled in, and nothing for what was left empty', () => {
  expect(limitOfTexts(limitTexts(undefined))).toBeUndefined()
  expect(limitOfTexts({ ...limitTexts(undefined), usdPerMonth: ' 12.5 ', concurrent: '3' })).toEqual({
    usdPerMonth: 12.5,
    concurrent: 3,
  })
})

test('sends a text that is no number as it is, for the API to say what is wrong', () => {
  expect(limitOfTexts({ ...limitTexts(undefined), tokensPerDay: 'many' })).toEqual({ tokensPerDay: 'many' })
})

test('shows in a form what it would send', () => {
  const limit = fc.record(
    {
      requestsPerMinute: fc.integer({ min: 1 }),
      usdPerDay: fc.double({ min: 0.000_001, max: 1e9, noNaN: true }),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  fc.assert(
    fc.property(limit, (given) => {
      expect(limitOfTexts(limitTexts(given)) ?? {}).toEqual(given)
    }),
  )
})

test('says limits in sentences', () => {
  expect(
    limitSentences({
      tenant: { usdPerMonth: 50, requestsPerMinute: 100 },
      user: { usdPerDay: 0.5 },
      users: { 'u/1': { concurrent: 2 }, u2: {} },
    }),
  ).toEqual([
    'As a whole: requests a minute 100, USD a month 50.',
    'Every end user: USD a day 0.5.',
    'u/1: requests at once 2.',
  ])
  expect(limitSentences(null)).toEqual([])
})

test('tells amounts in their unit', () => {
  expect(formatLimitAmount('usdPerMonth', 31.2)).toBe('$31.20')
  expect(formatLimitAmount('usdPerDay', 0.000_007_7)).toBe('$0.0000077')
  expect(formatLimitAmount('tokensPerDay', 31_200)).toBe('31,200')
  expect(limitLabel('concurrent')).toBe('Requests at once')
  expect(limitLabel('constructor')).toBe('constructor')
})

test('only requests at once are not counted until a certain time', () => {
  expect(LIMIT_FIELDS.filter((field) => !endsAtTime(field))).toEqual(['concurrent'])
})
