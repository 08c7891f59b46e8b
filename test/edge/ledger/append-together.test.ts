/** Receipts that are kept together: each is, whatever becomes of the requests and calls that took it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAppendTogether } from '../../../edge/ledger/append-together.ts'
import type { ReceiptRecord } from '../../../edge/ledger/receipt-record.ts'
import { receiptRecord } from '../../support/edge/receipt-records.ts'

const recordOf = (id: number): ReceiptRecord => receiptRecord(id, { id: `req_${id}` })

/** Time that passes when it is told to, for timers that can be ended as a request is. */
function createClock() {
  let now = 0
  let timers: { readonly at: number; readonly run: () => void }[] = []
  return {
    sleep: (milliseconds: number) =>
      new Promise<void>((resolve) => timers.push({ at: now + milliseconds, run: resolve })),
    async advance(milliseconds: number) {
      const until = now + milliseconds
      for (;;) {
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
        const next = timers.filter(({ at }) => at <= until).toSorted((left, right) => left.at - right.at)[0]
        if (next === undefined) break
        timers = timers.filter((timer) => timer !== next)
        now = next.at
        next.run()
      }
      now = until
    },
  }
}

test('keeps what ends at about the same time with one call, and what comes later with another', async () => {
  const clock = createClock()
  const calls: string[][] = []
  const appendAll = async (records: readonly ReceiptRecord[]) => void calls.push(records.map(({ id }) => id))
  const append = createAppendTogether({ appendAll, sleep: clock.sleep })
  const kept = [1, 2, 3].map((id) => append(() => recordOf(id)))
  await clock.advance(1_000)
  await Promise.all(kept)
  const later = append(() => recordOf(4))
  await clock.advance(1_000)
  await later
  expect(calls).toEqual([['req_1', 'req_2', 'req_3'], ['req_4']])
})

test('takes no more than a call may hold', async () => {
  const clock = createClock()
  const sizes: number[] = []
  const appendAll = async (records: readonly ReceiptRecord[]) => void sizes.push(records.length)
  const append = createAppendTogether({ appendAll, sleep: clock.sleep })
  const kept = Array.from({ length: 120 }, (_, id) => append(() => recordOf(id)))
  await clock.advance(1_000)
  await Promise.all(kept)
  expect(sizes).toEqual([50, 50, 20])
})

test('a call that fails for one receipt costs no other, that of the request whose call it was included', async () => {
  const clock = createClock()
  const kept: string[] = []
  const appendAll = async (records: readonly ReceiptRecord[]) => {
    if (records.some(({ id }) => id === 'req_2')) throw new Error('no')
    kept.push(...records.map(({ id }) => id))
  }
  const append = createAppendTogether({ appendAll, sleep: clock.sleep })
  const results = Promise.allSettled([1, 2, 3].map((id) => append(() => recordOf(id))))
  await clock.advance(10_000)
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(kept.toSorted()).toEqual(['req_1', 'req_3'])
})

test('keeps every receipt, and says of each that could not be, whatever calls fail or are never answered', async () => {
  const calls = fc.array(fc.constantFrom('kept', 'failed', 'kept_but_failed', 'silent'), { maxLength: 6 })
  const gaps = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(calls, gaps, async (outcomes, pauses) => {
      const clock = createClock()
      const kept = new Set<string>()
      const silenced = new Set<string>()
      let call = 0
      const appendAll = async (records: readonly ReceiptRecord[]) => {
        const outcome = outcomes[call++] ?? 'kept'
        if (outcome === 'silent') {
          // The request whose call it is has been ended: nobody is told of its own receipt.
          silenced.add(records[0]?.id ?? '')
          return await new Promise<void>(() => {})
        }
        if (outcome !== 'failed') for (const { id } of records) kept.add(id)
        if (outcome !== 'kept') throw new Error('no')
      }
      const append = createAppendTogether({ appendAll, sleep: clock.sleep })
      const told = new Map<string, boolean>()
      for (const [id, pause] of pauses.entries()) {
        const record = recordOf(id)
        void append(() => record).then(
          () => told.set(record.id, true),
          () => told.set(record.id, false),
        )
        await clock.advance(pause)
      }
      await clock.advance(10_000)
      for (const id of pauses.keys()) {
        const name = recordOf(id).id
        if (!silenced.has(name)) expect(told.has(name), name).toBe(true)
        if (told.get(name)) expect(kept.has(name), name).toBe(true)
      }
    }),
  )
})
