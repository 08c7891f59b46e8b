/** The headers of an answer, in the words of the contract. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ROUTER_HEADERS, routeHeaders, totalHeaders } from '../../../edge/ledger/headers.ts'
import { claude, local } from './support.ts'

const EVERY = [
  'x-router-request-id',
  'x-router-strategy',
  'x-router-task',
  'x-router-score',
  'x-router-reason',
  'x-router-cache',
  'x-router-attempts',
]

test('gives exactly the headers of the contract', () => {
  expect(Object.keys(routeHeaders(local)).toSorted()).toEqual(
    [...EVERY, 'x-router-route', 'x-router-model'].toSorted(),
  )
  const fallback = routeHeaders({ ...claude, failures: [{ provider: 'local', cause: 'timeout' }] })
  expect(fallback['x-router-fallback']).toBe('timeout')
  expect(Object.keys(routeHeaders({ ...local, route: undefined, model: undefined })).toSorted()).toEqual(
    EVERY.toSorted(),
  )
  expect(totalHeaders({ costNanoUsd: 500_000_000, savedNanoUsd: 250_000_000, latencyMs: 12.4 })).toEqual({
    'x-router-latency-ms': '12',
    'x-router-cost-usd': '0.5',
    'x-router-saved-usd': '0.25',
  })
  const given = {
    ...routeHeaders(local),
    ...fallback,
    ...totalHeaders({ costNanoUsd: 1, savedNanoUsd: 1, latencyMs: 1 }),
  }
  for (const name of Object.keys(given)) expect(ROUTER_HEADERS).toContain(name)
})

test('does not tell of a Claude that failed as of a fallback', () => {
  const headers = routeHeaders({ ...local, failures: [{ provider: 'claude', cause: 'timeout' }] })
  expect(headers['x-router-fallback']).toBeUndefined()
})

test('leaves money out that it does not know, and writes small amounts without an exponent', () => {
  expect(totalHeaders({ costNanoUsd: undefined, savedNanoUsd: undefined, latencyMs: 1 })).toEqual({
    'x-router-latency-ms': '1',
  })
  const headers = totalHeaders({ costNanoUsd: 0, savedNanoUsd: -121, latencyMs: 1 })
  expect(headers['x-router-cost-usd']).toBe('0')
  expect(headers['x-router-saved-usd']).toBe('-0.000000121')
  expect(
    totalHeaders({ costNanoUsd: 10_000_000_000, savedNanoUsd: 100, latencyMs: 1 })['x-router-cost-usd'],
  ).toBe('10')
})

test('gives only header values that are bytes, whatever a model calls itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (model) => {
      new Headers(routeHeaders({ ...local, model }))
    }),
  )
})
