/** What a tenant has spent before it had limits counts as used, once. */
import { expect, test } from 'vitest'
import { createOpenedAccounts } from '../../../edge/budgets/opened-accounts.ts'
import type { Ledger } from '../../../edge/ledger/ledger.ts'
import { limitsOf, reservation } from '../../contract/budget-accounts.ts'
import { ADMIN_KEY, COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { collectLog, loggedLines } from '../../support/edge/log-collector.ts'
import { createMemoryLedger } from '../../support/edge/memory-ledger.ts'
import { receiptRecord } from '../../support/edge/receipt-records.ts'
import { ask, createTestRouter } from '../../support/edge/router.ts'
import { createSqliteAccounts } from '../../support/edge/sqlite-accounts.ts'

const NOON = Date.UTC(2026, 10, 27, 12)
const HOUR_MS = 3_600_000
const USD = 1_000_000_000
const LIMITS = limitsOf({ usdPerDay: 10, usdPerMonth: 10 })
const QUESTION = { limits: LIMITS, user: undefined }

/** A dollar an hour ago, two dollars three days ago, and four of another month. */
async function spentLedger(): Promise<Ledger> {
  const ledger = await createMemoryLedger({ now: () => NOON })
  for (const [hours, dollars] of [
    [1, 1],
    [72, 2],
    [24 * 30, 4],
  ] as const)
    await ledger.append(receiptRecord(NOON - hours * HOUR_MS, { costNanoUsd: dollars * USD }))
  return ledger
}

async function opened(usage: Ledger['usage']) {
  let now = NOON
  const accounts = createOpenedAccounts({
    accounts: createSqliteAccounts(() => now),
    ledger: { usage },
    log: collectLog,
    now: () => now,
  })
  const used = async () => (await accounts.use('alice', QUESTION)).map((use) => use.used / USD)
  const advance = (milliseconds: number) => {
    now += milliseconds
  }
  return { accounts, used, advance }
}

test('counts what receipts tell of this day and this month, and does so once', async () => {
  const { usage } = await spentLedger()
  const { accounts, used, advance } = await opened(usage)
  const asked = reservation(LIMITS)
  expect((await accounts.reserve('alice', asked)).admission).toBe('admitted')
  await accounts.settle('alice', { id: asked.id, limits: LIMITS, used: { tokens: 0, nanoUsd: 0 } })
  expect(await used()).toEqual([1, 3])
  advance(13 * HOUR_MS)
  expect(await used()).toEqual([0, 3])
})

test('counts what a user has spent before, beside what the tenant has, and does so once', async () => {
  const ledger = await createMemoryLedger({ now: () => NOON })
  for (const [hours, user, dollars] of [
    [1, 'anna', 1],
    [72, 'anna', 2],
    [2, 'ben', 4],
    [3, null, 8],
  ] as const)
    await ledger.append(receiptRecord(NOON - hours * HOUR_MS, { user, costNanoUsd: dollars * USD }))
  const { accounts } = await opened(ledger.usage)
  const limits = limitsOf({ usdPerMonth: 100 }, { usdPerDay: 10, usdPerMonth: 10 })
  const used = async (user: string) =>
    (await accounts.use('alice', { limits, user })).map((use) => use.used / USD)
  const asked = { ...reservation(limits), user: 'anna' }
  expect((await accounts.reserve('alice', asked)).admission).toBe('admitted')
  await accounts.settle('alice', { id: asked.id, limits, used: { tokens: 0, nanoUsd: USD / 2 } })
  expect(await used('anna')).toEqual([15.5, 1.5, 3.5])
  expect(await used('ben')).toEqual([15.5, 4, 4])
  expect(await used('new here')).toEqual([15.5, 0, 0])
  expect(await used('anna')).toEqual([15.5, 1.5, 3.5])
})

test('a user that has spent its limit before is refused with its first request', async () => {
  const ledger = await createMemoryLedger({ now: () => NOON })
  await ledger.append(receiptRecord(NOON - HOUR_MS, { user: 'anna', costNanoUsd: 2 * USD }))
  const router = await createTestRouter(
    { LIMITS: JSON.stringify({ alice: { user: { usdPerDay: 1 } } }) },
    { ledger, accounts: createSqliteAccounts(() => NOON), now: () => NOON },
  )
  const statusOf = async (user: string) =>
    (await router.post(ask(COMPLEX_PROMPT, { metadata: { user_id: user } }))).status
  expect(await statusOf('anna')).toBe(429)
  expect(await statusOf('ben')).not.toBe(429)
})

test('goes on where receipts cannot be read, and counts them once they can', async () => {
  const { usage } = await spentLedger()
  let isBroken = true
  const { accounts, used, advance } = await opened(async (...asked) => {
    if (isBroken) throw new Error('gone')
    return usage(...asked)
  })
  const asked = reservation(LIMITS)
  expect((await accounts.reserve('alice', asked)).admission).toBe('admitted')
  await accounts.settle('alice', { id: asked.id, limits: LIMITS, used: { tokens: 1, nanoUsd: USD / 2 } })
  expect(loggedLines()).toMatchObject([{ message: '[Router] What was spent before a limit cannot be read' }])
  isBroken = false
  expect(await used()).toEqual([0.5, 0.5])
  advance(10_000)
  expect(await used()).toEqual([1.5, 3.5])
})

test('a tenant that has spent its first limit before is refused at once, and its use is shown', async () => {
  const router = await createTestRouter(
    { LIMITS: JSON.stringify({ alice: { tenant: { usdPerDay: 1 } } }) },
    { ledger: await spentLedger(), accounts: createSqliteAccounts(() => NOON), now: () => NOON },
  )
  expect((await router.post(ask(COMPLEX_PROMPT))).status).toBe(429)
  const shown = await router.request('/v1/router/budgets/alice', { headers: { 'x-api-key': ADMIN_KEY } })
  expect(JSON.parse(await shown.text()).usage).toMatchObject([{ limit: 'usdPerDay', used: 1 }])
})
