/** Migrations run once each, in order, and one that fails leaves nothing behind. */
import { expect, test } from 'vitest'
import { migrate } from '../../../edge/storage/migrations.ts'
import { openSqliteDatabase } from '../../../llm/sqlite-database.ts'

const FIRST = { name: 'letters', statements: ['CREATE TABLE letters (letter TEXT)'] }
const SECOND = { name: 'a', statements: ["INSERT INTO letters VALUES ('a')"] }
const BROKEN = {
  name: 'b',
  statements: ["INSERT INTO letters VALUES ('b')", 'INSERT INTO nowhere VALUES (1)'],
}

test('each runs once, however often it is asked for', async () => {
  const database = await openSqliteDatabase(':memory:')
  migrate(database, [FIRST])
  migrate(database, [FIRST, SECOND])
  migrate(database, [FIRST, SECOND])
  expect(database.exec('SELECT letter FROM letters')).toEqual([{ letter: 'a' }])
})

test('one that fails is undone and tried again', async () => {
  const database = await openSqliteDatabase(':memory:')
  expect(() => migrate(database, [FIRST, BROKEN])).toThrow('nowhere')
  expect(database.exec('SELECT letter FROM letters')).toEqual([])
  migrate(database, [FIRST, { ...BROKEN, statements: BROKEN.statements.slice(0, 1) }])
  expect(database.exec('SELECT letter FROM letters')).toEqual([{ letter: 'b' }])
})
