/** The one receipt of one request: the first end counts, and a recorder that fails harms nobody. */
import { expect, test } from 'vitest'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import type { Receipt } from '../../../edge/ledger/receipt.ts'
import { createRequestLedger } from '../../../edge/ledger/request-ledger.ts'
import { collectLog, loggedLines } from '../../support/edge/log-collector.ts'
import { claude, done } from './support.ts'

test('records the first end and gives it back for every later one', () => {
  const recorded: Receipt[] = []
  const recordReceipt = (receipt: Receipt) => void recorded.push(receipt)
  const ledger = createRequestLedger({ recordReceipt, prices: LIST_PRICES, log: collectLog, now: () => 70 })
  expect(ledger.receipt()).toBeUndefined()
  const first = ledger.end({ ...claude, startedAt: 30 }, { ...done, outcome: 'cancelled' })
  expect(ledger.end(claude, done)).toBe(first)
  expect(ledger.receipt()).toBe(first)
  expect(recorded).toEqual([first])
  expect(first).toMatchObject({ outcome: 'cancelled', latencyMs: 40 })
})

test.each([
  ['back', -3_600_000, 0],
  ['forward', 3_600_000, 3_600_000],
])(
  'a clock that jumps %s while a request is on its way leaves a receipt with a time that can be',
  (_, jump, latencyMs) => {
    const recordReceipt = () => {}
    const startedAt = Date.UTC(2026, 10, 27)
    const ledger = createRequestLedger({
      recordReceipt,
      prices: LIST_PRICES,
      log: collectLog,
      now: () => startedAt + jump,
    })
    expect(ledger.end({ ...claude, startedAt }, done)).toMatchObject({ startedAt, latencyMs })
  },
)

test('makes the receipt where it cannot be recorded, and logs nothing of the recorder’s error but its name', () => {
  const recordReceipt = () => {
    throw new TypeError('internals-canary')
  }
  const ledger = createRequestLedger({ recordReceipt, prices: LIST_PRICES, log: collectLog, now: () => 0 })
  expect(ledger.end(claude, done)).toMatchObject({ outcome: 'completed' })
  expect(loggedLines()).toMatchObject([
    {
      level: 'error',
      message: '[Router] The receipt cannot be recorded',
      fields: { requestId: 'req_1', name: 'TypeError' },
    },
  ])
})
