/**
 * The few things that an object of receipts knows of itself, as texts by name.
 */
import * as z from 'zod/mini'
import { textOf } from '../../storage/row-values.ts'
import type { SqlDatabase } from '../../storage/sql-database.ts'
import type { Place } from '../places.ts'

const placeSchema = z.object({ tenant: z.string(), month: z.string(), shard: z.int() })

type StateName = 'place' | 'life' | 'registered' | 'settled' | 'spanned'

/** Returns a text, or undefined where none was written. */
export function readState(database: SqlDatabase, name: StateName): string | undefined {
  const [row] = database.exec('SELECT value FROM state WHERE name = ?', name)
  return row && textOf(row, 'value')
}

export function writeState(database: SqlDatabase, name: StateName, value: string): void {
  database.exec('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)', name, value)
}

/** Returns whose receipts the object keeps, or undefined while it keeps none. */
export function readPlace(database: SqlDatabase): Place | undefined {
  const text = readState(database, 'place')
  return text === undefined ? undefined : placeSchema.parse(JSON.parse(text))
}
