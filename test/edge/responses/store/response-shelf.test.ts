import { expect, test } from 'vitest'
import { createResponseShelf } from '../../../../edge/responses/store/response-shelf.ts'
import { isMigrated } from '../../../../edge/storage/migrations.ts'
import { openSqliteDatabase } from '../../../../llm/sqlite-database.ts'
import { findAll, kept } from '../../../contract/response-store.ts'
import { createSqliteResponses } from '../../../support/edge/sqlite-responses.ts'

const HOUR = 3_600_000
const MEGABYTE = 1024 * 1024

function clock() {
  let now = Date.UTC(2026, 10, 27)
  const advance = (milliseconds: number) => {
    now += milliseconds
  }
  return { now: () => now, advance }
}

test('a conversation is kept as long as its last response, and then not found, though not yet deleted', async () => {
  const { now, advance } = clock()
  const shelf = createSqliteResponses({ now }).of('alice')
  const first = kept()
  await shelf.keep(first)
  advance(20 * HOUR)
  const second = kept({ previous: first.id })
  await shelf.keep(second)
  advance(20 * HOUR)
  expect((await shelf.chain(second.id, MEGABYTE)).kind).toBe('found')
  advance(4 * HOUR)
  expect(await shelf.chain(second.id, MEGABYTE)).toEqual({ kind: 'missing' })
  expect(await findAll(shelf, [first.id, second.id])).toEqual([])
  expect(await shelf.remove(first.id)).toBe(false)
})

test('the alarm deletes what has expired, sleeps until the next expiry, and empties an object without any', async () => {
  const { now, advance } = clock()
  const store = createSqliteResponses({ now })
  const shelf = store.of('alice')
  const [old, young] = [kept(), kept()]
  await shelf.keep(old)
  expect(store.alarmOf('alice')).toBe(now() + 24 * HOUR)
  advance(10 * HOUR)
  await shelf.keep(young)
  advance(14 * HOUR)
  await store.fireAlarm('alice')
  expect(store.alarmOf('alice')).toBe(now() + 10 * HOUR)
  expect(await findAll(shelf, [old.id, young.id])).toMatchObject([{ id: young.id }])
  advance(10 * HOUR)
  await store.fireAlarm('alice')
  expect(store.alarmOf('alice')).toBeNull()
  expect(store.erasures()).toBe(1)
  // An object that was emptied takes responses again.
  expect(await shelf.keep(kept())).toBe(true)
  expect(store.alarmOf('alice')).toBe(now() + 24 * HOUR)
})

test('an answer to a conversation that has expired meanwhile begins another', async () => {
  const { now, advance } = clock()
  const shelf = createSqliteResponses({ now }).of('alice')
  const first = kept()
  await shelf.keep(first)
  advance(25 * HOUR)
  const late = kept({ previous: first.id })
  expect(await shelf.keep(late)).toBe(true)
  expect(await findAll(shelf, [late.id])).toHaveLength(1)
})

test('beyond its size a shelf gives up the conversations that expire first', async () => {
  const { now, advance } = clock()
  const bounds = { response: 1_000, shelf: 2_500 }
  const shelf = createSqliteResponses({ now, bounds }).of('alice')
  const all = Array.from({ length: 4 }, () => kept({ items: JSON.stringify('x'.repeat(800)) }))
  for (const each of all) {
    await shelf.keep(each)
    advance(1_000)
  }
  const found = await findAll(
    shelf,
    all.map(({ id }) => id),
  )
  expect(found.map(({ id }) => id)).toEqual(all.slice(2).map(({ id }) => id))
  // What was removed counts no longer.
  await shelf.remove(all[3]?.id ?? '')
  await shelf.keep(kept({ items: JSON.stringify('x'.repeat(800)) }))
  expect(await findAll(shelf, [all[2]?.id ?? ''])).toHaveLength(1)
})

test('a conversation that is larger than the shelf is gone, and whoever keeps its last response is told', async () => {
  const { now } = clock()
  const shelf = createSqliteResponses({ now, bounds: { response: 1_000, shelf: 1_500 } }).of('alice')
  const first = kept({ items: JSON.stringify('x'.repeat(800)) })
  const second = kept({ items: JSON.stringify('x'.repeat(800)), previous: first.id })
  expect(await shelf.keep(first)).toBe(true)
  expect(await shelf.keep(second)).toBe(false)
  expect(await findAll(shelf, [first.id, second.id])).toEqual([])
})

test('looking for what was never kept writes nothing', async () => {
  const database = await openSqliteDatabase(':memory:')
  const shelf = createResponseShelf({
    database,
    erase: async () => {},
    readAlarm: async () => null,
    setAlarm: async () => {},
    retentionHours: 24,
    now: () => 0,
  })
  expect(await shelf.find('resp_1')).toBeUndefined()
  expect(await shelf.gather(['resp_1'], MEGABYTE)).toMatchObject({ kind: 'found', items: [] })
  expect(await shelf.chain('resp_1', MEGABYTE)).toEqual({ kind: 'missing' })
  expect(await shelf.remove('resp_1')).toBe(false)
  expect(isMigrated(database)).toBe(false)
  expect(await shelf.keep(kept())).toBe(true)
  expect(isMigrated(database)).toBe(true)
})
