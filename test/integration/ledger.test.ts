/**
 * The ledger on Durable Objects in real workerd: it keeps the contract, what it keeps outlives the isolates, and what is
 * over moves to the archive.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDurableLedger, durableLedgerParts } from '../../edge/durable/durable-ledger.ts'
import type { LedgerBindings } from '../../edge/durable/receipts.ts'
import { testLedger } from '../contract/ledger.ts'
import { ledgerOfOwnTenants } from '../support/edge/own-tenants.ts'
import { receiptRecord } from '../support/edge/receipt-records.ts'
import { eventually } from '../support/processes.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

/** Receipts of the contract stay, whatever year it is. */
const SETTINGS = { ...COMPLETE_SETTINGS, RETENTION_DAYS: '3650' }

let edge: EdgeHarness
let tests = 0
beforeAll(async () => {
  edge = await startEdgeHarness(SETTINGS)
})
afterAll(() => edge?.stop())

const bindings = () => edge.harness.getWorker<LedgerBindings>().getEnv()

testLedger('the ledger on Durable Objects', async () => {
  tests += 1
  return ledgerOfOwnTenants(durableLedgerParts(await bindings()), `test ${tests}/`)
})
testLedger('the ledger on Durable Objects over three shards', async () => {
  tests += 1
  return ledgerOfOwnTenants(durableLedgerParts(await bindings()), `test ${tests}/`, 3)
})

test('receipts, feedback and sums outlive the isolates', async () => {
  const scope = { tenant: 'survivor' }
  const query = { from: 0, to: Date.UTC(2100, 0, 1), groupBy: ['user'], timezone: 'UTC' } as const
  const receipt = receiptRecord(Date.now(), scope)
  const before = createDurableLedger(await bindings(), 1)
  await before.append(receipt)
  await before.giveFeedback(scope, receipt.id, 'good')
  const usage = await before.usage(scope, query)
  await edge.restartWith({ ...SETTINGS, HEARTBEAT_MS: '9000' })
  const after = createDurableLedger(await bindings(), 1)
  expect(await after.find(scope, receipt.id)).toEqual({ ...receipt, feedback: 'good' })
  expect(await after.usage(scope, query)).toEqual(usage)
  await after.append(receipt)
  expect(await after.usage(scope, query)).toEqual(usage)
})

test('receipts whose days are over are deleted, and their sums move to the archive', async () => {
  const scope = { tenant: 'ancient' }
  const at = Date.UTC(2001, 1, 3, 4)
  const query = { from: at, to: at + 1, groupBy: ['route', 'model'], timezone: 'UTC' } as const
  const ledger = createDurableLedger(await bindings(), 1)
  const receipts = [0, 0, 0].map(() => receiptRecord(at, scope))
  for (const receipt of receipts) await ledger.append(receipt)
  await eventually('the end of the receipts', async () => {
    const page = await ledger.list(scope, {}, { limit: 1 })
    return page.receipts.length === 0
  })
  const [row] = await ledger.usage(scope, query)
  expect(row).toMatchObject({
    group: { route: 'claude', model: 'claude-haiku-5-5' },
    totals: { requests: 3, costNanoUsd: 3_000 },
  })
  expect(await ledger.find(scope, receipts[0]?.id ?? '')).toBeUndefined()
  expect(await ledger.tenants()).toContain('ancient')
})
