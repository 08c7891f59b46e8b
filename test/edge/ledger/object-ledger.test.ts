/** Receipts of many places in one call: what each keeps is its own affair. What every ledger promises is in `test/contract`. */
import { expect, test } from 'vitest'
import type { LedgerObjects, ReceiptsObject } from '../../../edge/ledger/ledger-objects.ts'
import { createLedger } from '../../../edge/ledger/object-ledger.ts'
import { receiptRecord } from '../../support/edge/receipt-records.ts'

const NOON = Date.UTC(2026, 10, 27, 12)
const never = () => Promise.reject(new Error('not asked'))

function ledgerOver(appendAll: ReceiptsObject['appendAll']) {
  const object = { append: never, appendAll, find: never, list: never, usage: never, giveFeedback: never }
  const objects: LedgerObjects = {
    receipts: () => object,
    archive: () => ({ keep: never, usage: never }),
  }
  const directory = { register: never, noteArchived: never, entries: never }
  return createLedger({ objects, directory, shards: 1 })
}

test.each([
  ['does not answer', () => new Promise<void>(() => {})],
  ['fails', () => Promise.reject(new Error('no'))],
])('an object that %s holds up no receipts of other places', async (_, answer) => {
  const kept: string[] = []
  const ledger = ledgerOver(({ tenant }, records) => {
    if (tenant === 'alice') return answer()
    kept.push(...records.map(({ id }) => id))
    return Promise.resolve()
  })
  const [first, second, third] = ['alice', 'bob', 'bob'].map((tenant) => receiptRecord(NOON, { tenant }))
  const records = [first, second, third].flatMap((record) => record ?? [])
  const appended = ledger.appendAll(records)
  appended.catch(() => {})
  await expect.poll(() => kept).toEqual([second?.id, third?.id])
})
