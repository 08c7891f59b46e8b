import { expect, test } from 'vitest'
import { soakRequests, soakSteps } from '../../../bench/inference/soak-requests.ts'

test('the same seed gives the same soak, another seed another', () => {
  expect(soakRequests(20, 7)).toEqual(soakRequests(20, 7))
  expect(soakRequests(20, 7)).not.toEqual(soakRequests(20, 8))
  expect(soakSteps(50, 20, 7)).toEqual(soakSteps(50, 20, 7))
})

test('no two requests are the same, and every fate comes up', () => {
  const requests = soakRequests(60, 1)
  expect(new Set(requests.map((request) => JSON.stringify(request))).size).toBe(60)
  expect(new Set(soakSteps(200, 60, 1).map(({ fate }) => fate.type))).toEqual(
    new Set(['kept', 'stopped', 'gone']),
  )
})
