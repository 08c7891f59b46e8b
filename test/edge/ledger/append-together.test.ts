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
    now: () => now,
    timers: () => timers.length,
    /** As if the platform had ended all requests that wait. */
    forgetTimers() {
      timers = []
    },
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

/** What keeps receipts by these calls, and which of those that were given to it were told of as lost. */
function createAppend(appendAll: (records: readonly ReceiptRecord[]) => Promise<void>) {
  const clock = createClock()
  const lost: string[] = []
  const appendLater = createAppendTogether({ appendAll, sleep: clock.sleep, now: clock.now })
  const append = (id: number) =>
    appendLater(
      () => recordOf(id),
      () => lost.push(`req_${id}`),
    )
  return { append, lost, clock }
}

test('keeps what ends at about the same time with one call, and what comes later with another', async () => {
  const calls: string[][] = []
  const { append, clock } = createAppend(async (records) => void calls.push(records.map(({ id }) => id)))
  const kept = [1, 2, 3].map(append)
  await clock.advance(1_000)
  await Promise.all(kept)
  const later = append(4)
  await clock.advance(1_000)
  await later
  expect(calls).toEqual([['req_1', 'req_2', 'req_3'], ['req_4']])
})

test('of many requests the first sends and two more are held to look after it; the others may be ended', async () => {
  const { append, clock } = createAppend(async () => {})
  const waitedFor = Array.from({ length: 10 }, (_, id) => append(id)).map((promise) => promise !== undefined)
  expect(waitedFor).toEqual([true, true, true, ...Array(7).fill(false)])
  expect(clock.timers()).toBe(3)
})

test('takes no more than a call may hold', async () => {
  const sizes: number[] = []
  const { append, clock } = createAppend(async (records) => void sizes.push(records.length))
  const kept = Array.from({ length: 120 }, (_, id) => append(id))
  await clock.advance(1_000)
  await Promise.all(kept)
  expect(sizes).toEqual([50, 50, 20])
})

test('a call that fails for one receipt costs no other', async () => {
  const kept: string[] = []
  const { append, lost, clock } = createAppend(async (records) => {
    if (records.some(({ id }) => id === 'req_2')) throw new Error('no')
    kept.push(...records.map(({ id }) => id))
  })
  const waitedFor = [1, 2, 3, 4, 5].map(append)
  await clock.advance(10_000)
  await Promise.all(waitedFor)
  expect(kept.toSorted()).toEqual(['req_1', 'req_3', 'req_4', 'req_5'])
  expect(lost).toEqual(['req_2'])
})

test('whoever of a group is ended, the next of it keeps the receipts of all; where nobody is left, whoever comes later', async () => {
  const kept: string[] = []
  let ended = 2
  const { append, lost, clock } = createAppend(async (records) => {
    ended -= 1
    if (ended >= 0) return await new Promise<void>(() => {})
    kept.push(...records.map(({ id }) => id))
  })
  for (const id of [1, 2, 3, 4]) append(id)
  await clock.advance(10_000)
  expect(kept).toEqual(['req_1', 'req_2', 'req_3', 'req_4'])
  ended = 3
  for (const id of [5, 6, 7, 8]) append(id)
  await clock.advance(30_000)
  expect(kept).toHaveLength(4)
  append(9)
  await clock.advance(1_000)
  expect(kept.slice(4)).toEqual(['req_9', 'req_5', 'req_6', 'req_7', 'req_8'])
  expect(lost).toEqual([])
})

test('nobody joins a group whose requests were ended before they sent it, and whoever comes later sends it', async () => {
  const kept: string[] = []
  const { append, clock } = createAppend(async (records) => void kept.push(...records.map(({ id }) => id)))
  for (const id of [1, 2, 3, 4]) append(id)
  clock.forgetTimers()
  await clock.advance(200)
  append(5)
  await clock.advance(30_000)
  expect(kept).toEqual(['req_5'])
  append(6)
  await clock.advance(1_000)
  expect(kept).toEqual(['req_5', 'req_6', 'req_1', 'req_2', 'req_3', 'req_4'])
})

test('a receipt that is sent again is the same, also where its tenant has another name meanwhile', async () => {
  const clock = createClock()
  const sent: ReceiptRecord[] = []
  const appendAll = async (records: readonly ReceiptRecord[]) => {
    sent.push(...records)
    if (sent.length === 2) return await new Promise<void>(() => {})
  }
  const appendLater = createAppendTogether({ appendAll, sleep: clock.sleep, now: clock.now })
  let tenant = 'client:unproven'
  for (const id of [1, 2])
    appendLater(
      () => ({ ...recordOf(id), tenant }),
      () => {},
    )
  await clock.advance(100)
  tenant = 'client:known'
  await clock.advance(10_000)
  expect(sent.map(({ id }) => id)).toEqual(['req_1', 'req_2', 'req_1', 'req_2'])
  expect(new Set(sent.map((record) => record.tenant))).toEqual(new Set(['client:unproven']))
})

test('keeps every receipt, and says of each that could not be, whatever calls fail or are never answered', async () => {
  const calls = fc.array(fc.constantFrom('kept', 'failed', 'kept_but_failed', 'silent'), { maxLength: 6 })
  const gaps = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(calls, gaps, async (outcomes, pauses) => {
      const kept = new Set<string>()
      let call = 0
      const { append, lost, clock } = createAppend(async (records) => {
        const outcome = outcomes[call++] ?? 'kept'
        // The request whose call it is has been ended.
        if (outcome === 'silent') return await new Promise<void>(() => {})
        if (outcome !== 'failed') for (const { id } of records) kept.add(id)
        if (outcome !== 'kept') throw new Error('no')
      })
      for (const [id, pause] of pauses.entries()) {
        void append(id)
        await clock.advance(pause)
      }
      await clock.advance(30_000)
      // Whoever comes once all calls are answered again.
      call = outcomes.length
      void append(pauses.length)
      await clock.advance(10_000)
      for (const id of [...pauses.keys(), pauses.length])
        expect(kept.has(`req_${id}`) || lost.includes(`req_${id}`), `${id}`).toBe(true)
      expect(new Set(lost).size).toBe(lost.length)
    }),
  )
})
