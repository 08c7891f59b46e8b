/** Ids tell when their request came, and nothing that looks like one does so by accident. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRequestId, cryptoRandomBytes, timeOfRequestId } from '../../../edge/ledger/request-id.ts'

test('an id gives back its time and sorts by it', () => {
  const time = fc.integer({ min: 0, max: 2 ** 44 })
  fc.assert(
    fc.property(time, time, (left, right) => {
      const ids = [left, right].map((at) => createRequestId(at, cryptoRandomBytes))
      expect(ids.map(timeOfRequestId)).toEqual([left, right])
      if (left !== right) expect((ids[0] ?? '') < (ids[1] ?? '')).toBe(left < right)
    }),
  )
})

test('two ids of one moment differ', () => {
  expect(createRequestId(1, cryptoRandomBytes)).not.toBe(createRequestId(1, cryptoRandomBytes))
})

test.each(['', 'req_', 'req_1', `req_${'g'.repeat(32)}`, `req_${'a'.repeat(33)}`, `msg_${'a'.repeat(32)}`])(
  'the id %j has no time',
  (id) => {
    expect(timeOfRequestId(id)).toBeUndefined()
  },
)
