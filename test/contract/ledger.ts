/** What every ledger must keep to, whatever it keeps receipts in. */
import { describe, expect, test } from 'vitest'
import type { Ledger, ReceiptFilter } from '../../edge/ledger/ledger.ts'
import { FEEDBACK, type KeptReceipt } from '../../edge/ledger/receipt-record.ts'
import { receiptRecord } from '../support/edge/receipt-records.ts'

const HOUR_MS = 60 * 60_000
const NOON = Date.UTC(2026, 10, 20, 12)
const EVERYBODY = { tenant: undefined }
const ALL = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2027, 0, 1), groupBy: [], timezone: 'UTC' } as const
/** Names that mean something to a path, to SQL, to JavaScript, to a URL, or to nobody. */
const STRANGE_NAMES = [
  '../../etc/passwd',
  "x'; DROP TABLE receipts; --",
  '__proto__',
  '2026-11:0:alice',
  'a%2Fb',
  'Ж 🌍',
]

/** Registers the tests; `create` returns an empty ledger that takes receipts of any time in 2026. */
export function testLedger(name: string, create: () => Promise<Ledger>): void {
  describe(name, () => {
    test('gives back every field of a receipt as it was kept', async () => {
      const ledger = await create()
      const plain = receiptRecord(NOON)
      const content = { request: 'Hello', answer: 'Hi' }
      const other = receiptRecord(NOON, {
        user: null,
        route: null,
        model: null,
        tokens: null,
        costNanoUsd: null,
        baselineNanoUsd: null,
        savedNanoUsd: null,
        firstContentMs: null,
        attempts: [],
        guard: 'tools',
        errorCode: 'timeout',
        budget: 'refused',
        judgeScore: 0.1,
        stream: false,
        content,
      })
      await ledger.append(plain)
      await ledger.append(other)
      expect(await ledger.find({ tenant: 'alice' }, plain.id)).toEqual({ ...plain, feedback: null })
      expect(await ledger.find(EVERYBODY, other.id)).toEqual({ ...other, feedback: null })
    })

    test('keeps many receipts at once, of several months and tenants, each of them once', async () => {
      const ledger = await create()
      const receipts = [NOON, NOON, NOON - 40 * 24 * HOUR_MS].map((at) => receiptRecord(at))
      const bobs = receiptRecord(NOON, { tenant: 'bob' })
      await ledger.appendAll([...receipts, bobs])
      await ledger.appendAll([...receipts.toReversed(), receiptRecord(NOON)])
      await ledger.appendAll([])
      const [alices] = await ledger.usage({ tenant: 'alice' }, ALL)
      expect(alices?.totals).toMatchObject({ requests: 4, completed: 4 })
      expect(await everything(ledger, 'bob')).toEqual([{ ...bobs, feedback: null }])
    })

    test('keeps a receipt once, as it was the first time', async () => {
      const ledger = await create()
      const receipt = receiptRecord(NOON)
      await ledger.append(receipt)
      await ledger.append({ ...receipt, outcome: 'failed' })
      await Promise.all([ledger.append(receipt), ledger.append(receipt)])
      expect(await everything(ledger, 'alice')).toEqual([{ ...receipt, feedback: null }])
      const [total] = await ledger.usage({ tenant: 'alice' }, ALL)
      expect(total?.totals).toMatchObject({ requests: 1, completed: 1, failed: 0 })
    })

    test('shows a tenant its own receipts, and everybody’s where no tenant is named', async () => {
      const ledger = await create()
      const alices = receiptRecord(NOON)
      const bobs = receiptRecord(NOON + 1, { tenant: 'bob' })
      await ledger.append(alices)
      await ledger.append(bobs)
      expect(await ledger.find({ tenant: 'bob' }, alices.id)).toBeUndefined()
      expect(await ledger.giveFeedback({ tenant: 'bob' }, alices.id, 'bad')).toBe(false)
      expect((await everything(ledger, 'bob')).map(({ id }) => id)).toEqual([bobs.id])
      expect((await everything(ledger, undefined)).map(({ id }) => id)).toEqual([bobs.id, alices.id])
      const rows = await ledger.usage(EVERYBODY, { ...ALL, groupBy: ['tenant'] })
      expect(rows.map(({ group, totals }) => [group.tenant, totals.requests])).toEqual([
        ['alice', 1],
        ['bob', 1],
      ])
      expect(await ledger.tenants()).toEqual(['alice', 'bob'])
    })

    test.each(STRANGE_NAMES)('keeps the receipts of a tenant and a user called %j', async (strange) => {
      const ledger = await create()
      const receipt = receiptRecord(NOON, { tenant: strange, user: strange })
      await ledger.append(receipt)
      await ledger.append(receiptRecord(NOON))
      expect(await ledger.find({ tenant: strange }, receipt.id)).toEqual({ ...receipt, feedback: null })
      expect(await everything(ledger, strange)).toHaveLength(1)
      const query = { ...ALL, groupBy: ['tenant', 'user'] } as const
      expect((await ledger.usage({ tenant: strange }, query)).map(({ group }) => group)).toEqual([
        { tenant: strange, user: strange },
      ])
      const { receipts } = await ledger.list(EVERYBODY, { user: strange }, { limit: 10 })
      expect(receipts.map(({ id }) => id)).toEqual([receipt.id])
    })

    test('finds nothing under an id of nobody', async () => {
      const ledger = await create()
      await ledger.append(receiptRecord(NOON))
      const others = ['', 'req_1', receiptRecord(NOON).id, receiptRecord(0).id, `req_${'f'.repeat(32)}`]
      for (const id of others) {
        expect(await ledger.find(EVERYBODY, id)).toBeUndefined()
        expect(await ledger.giveFeedback(EVERYBODY, id, 'good')).toBe(false)
      }
    })

    test('lists the newest first, over months, whenever they were kept', async () => {
      const ledger = await create()
      const months = [0, 40, 80].map((days) => NOON - days * 24 * HOUR_MS)
      const receipts = months.flatMap((at) =>
        [0, 1, 2, 3, 4].map((step) => receiptRecord(at - step * HOUR_MS)),
      )
      for (const receipt of receipts.toReversed()) await ledger.append(receipt)
      // A clock that went back.
      const late = receiptRecord(NOON - HOUR_MS / 2)
      await ledger.append(late)
      const expected = [...receipts, late].toSorted((left, right) => right.startedAt - left.startedAt)
      expect((await everything(ledger, 'alice')).map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
    })

    test.each([1, 3, 100])(
      'pages of %i miss nothing and repeat nothing, of one millisecond neither',
      async (limit) => {
        const ledger = await create()
        const receipts = ['alice', 'bob', 'carol'].flatMap((tenant) =>
          [0, 0, 0, 1, 1, 2].map((step) => receiptRecord(NOON + step, { tenant })),
        )
        for (const receipt of receipts) await ledger.append(receipt)
        const listed = await everything(ledger, undefined, limit)
        expect(listed.map(({ id }) => id).toSorted()).toEqual(receipts.map(({ id }) => id).toSorted())
        const times = listed.map(({ startedAt }) => startedAt)
        expect(times).toEqual(times.toSorted((left, right) => right - left))
      },
    )

    test.each(['', 'a', 'W10', 'WyJ4Il0', '%', '[1,"a"]', 'x'.repeat(5_000)])(
      'refuses the cursor %j and says what it must be',
      async (cursor) => {
        const ledger = await create()
        await ledger.append(receiptRecord(NOON))
        const listing = ledger.list(EVERYBODY, {}, { limit: 1, cursor })
        await expect(listing).rejects.toMatchObject({
          code: 'invalid_request',
          message: expect.stringMatching(/cursor/),
        })
      },
    )

    test('lets through what meets every condition', async () => {
      const ledger = await create()
      const wanted = {
        user: 'u',
        route: 'local',
        model: 'tiny',
        task: 'other',
        outcome: 'broken',
        fallback: null,
        cache: 'bypass',
      } as const
      const receipt = receiptRecord(NOON, wanted)
      await ledger.append(receipt)
      await ledger.append(receiptRecord(NOON - 1))
      await ledger.append(receiptRecord(NOON + 1))
      await ledger.giveFeedback(EVERYBODY, receipt.id, 'should_be_local')
      const { fallback: _, ...named } = wanted
      const filters: readonly ReceiptFilter[] = [
        ...Object.entries(named).map(([field, value]) => ({ [field]: value })),
        named,
        { feedback: 'should_be_local' },
        { from: NOON, to: NOON + 1 },
      ]
      for (const filter of filters) {
        const { receipts, cursor } = await ledger.list(EVERYBODY, filter, { limit: 10 })
        expect(
          receipts.map(({ id }) => id),
          JSON.stringify(filter),
        ).toEqual([receipt.id])
        expect(cursor).toBeNull()
      }
      expect((await ledger.list(EVERYBODY, { ...named, user: 'v' }, { limit: 10 })).receipts).toEqual([])
      expect((await ledger.list(EVERYBODY, { fallback: 'timeout' }, { limit: 10 })).receipts).toHaveLength(2)
    })

    test('keeps the last word of feedback', async () => {
      const ledger = await create()
      const receipt = receiptRecord(NOON)
      await ledger.append(receipt)
      for (const word of FEEDBACK) {
        expect(await ledger.giveFeedback({ tenant: 'alice' }, receipt.id, word)).toBe(true)
        expect((await ledger.find(EVERYBODY, receipt.id))?.feedback).toBe(word)
      }
    })

    test('adds receipts up by what is asked for', async () => {
      const ledger = await create()
      await ledger.append(receiptRecord(NOON))
      await ledger.append(
        receiptRecord(NOON + HOUR_MS, { route: 'local', model: 'tiny', costNanoUsd: 0, user: null }),
      )
      await ledger.append(receiptRecord(NOON + HOUR_MS, { costNanoUsd: null }))
      const [total] = await ledger.usage(EVERYBODY, ALL)
      expect(total?.totals).toMatchObject({
        requests: 3,
        inputTokens: 300,
        costNanoUsd: 1_000,
        baselineNanoUsd: 10_000,
        savedNanoUsd: 8_000,
        unpriced: 1,
        identified: 2,
        fallbacks: { timeout: 3 },
      })
      const byRoute = await ledger.usage(EVERYBODY, { ...ALL, groupBy: ['route', 'hour'] })
      expect(byRoute.map(({ group, totals }) => [group.route, group.hour, totals.requests])).toEqual([
        ['claude', '2026-11-20T12:00+00:00', 1],
        ['claude', '2026-11-20T13:00+00:00', 1],
        ['local', '2026-11-20T13:00+00:00', 1],
      ])
      const byUser = await ledger.usage(EVERYBODY, { ...ALL, groupBy: ['day', 'user'] })
      expect(byUser.map(({ group, totals }) => [group.user, totals.requests])).toEqual([
        ['user-1', 2],
        [null, 1],
      ])
    })

    test('counts to the millisecond at both ends of a range', async () => {
      const ledger = await create()
      for (const step of [-1, 0, 1, 2]) await ledger.append(receiptRecord(NOON + 60_000 + step))
      for (const groupBy of [[], ['user']] as const) {
        const range = { from: NOON + 60_000, to: NOON + 60_002 }
        const [row] = await ledger.usage(EVERYBODY, { ...ALL, ...range, groupBy })
        expect(row?.totals.requests).toBe(2)
      }
    })

    test('has nothing where nothing was kept', async () => {
      const ledger = await create()
      expect(await ledger.list({ tenant: 'nobody' }, {}, { limit: 10 })).toEqual({
        receipts: [],
        cursor: null,
      })
      const [total] = await ledger.usage({ tenant: 'nobody' }, ALL)
      expect(total).toMatchObject({ group: {}, totals: { requests: 0, costNanoUsd: 0 } })
      expect(await ledger.usage({ tenant: 'nobody' }, { ...ALL, groupBy: ['day'] })).toEqual([])
      expect(await ledger.tenants()).toEqual([])
    })

    test('refuses a time zone that there is not, and users by what they are not added up by', async () => {
      const ledger = await create()
      await expect(ledger.usage(EVERYBODY, { ...ALL, timezone: 'Mars/Olympus' })).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringMatching(/timezone/),
      })
      await expect(ledger.usage(EVERYBODY, { ...ALL, groupBy: ['user', 'hour'] })).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringMatching(/user/),
      })
    })
  })
}

/** Returns all receipts of a tenant, or of everybody, page by page. */
async function everything(
  ledger: Ledger,
  tenant: string | undefined,
  limit = 4,
): Promise<readonly KeptReceipt[]> {
  const found: KeptReceipt[] = []
  let cursor: string | null = null
  do {
    const page = await ledger.list({ tenant }, {}, { limit, ...(cursor === null ? {} : { cursor }) })
    found.push(...page.receipts)
    cursor = page.cursor
  } while (cursor !== null)
  return found
}
