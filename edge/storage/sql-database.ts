/**
 * SQLite as the stores see it: synchronous, as in a Durable Object and in Node. Implemented in `edge/durable` and in
 * `llm`; knows no table.
 */

/** Whole numbers must be safe integers. */
export type SqlValue = string | number | null

/** By column name. What a column holds is checked by whoever reads it (`row-values.ts`, or a schema). */
export type SqlRow = Readonly<Record<string, unknown>>

export type SqlDatabase = {
  /** Runs one statement and returns all of its rows. Queries are constant texts; values go into the bindings. @throws */
  readonly exec: (query: string, ...bindings: readonly SqlValue[]) => readonly SqlRow[]
  /** The same row by row, for results that shall not be in memory at once. Run nothing else before its end. */
  readonly scan: (query: string, ...bindings: readonly SqlValue[]) => Iterable<SqlRow>
  /** Runs `work` wholly or, if it throws, not at all. Not to be nested. */
  readonly transaction: <T>(work: () => T) => T
  /** Runs `work`, which only reads, on the database as it is at one moment. Not to be nested. */
  readonly snapshot: <T>(work: () => T) => T
  /** Returns another number than before where somebody else has written meanwhile. Steady in transactions and snapshots. */
  readonly version: () => number
  /** Size in bytes. */
  readonly size: () => number
}
