/**
 * Values of rows as what their columns are declared to be. Checks one value at a time, because schemas are too slow for
 * scans over many rows.
 */
import type { SqlRow } from './sql-database.ts'

/** @throws if the column does not hold a number */
export function numberOf(row: SqlRow, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw wrong(column, 'a number')
  return value
}

/** @throws if the column holds neither a number nor NULL */
export function numberOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : numberOf(row, column)
}

/** @throws if the column does not hold a text */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw wrong(column, 'a text')
  return value
}

/** @throws if the column holds neither a text nor NULL */
export function textOrNull(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : textOf(row, column)
}

function wrong(column: string, kind: string): Error {
  return new Error(`The column ${column} does not hold ${kind}`)
}
