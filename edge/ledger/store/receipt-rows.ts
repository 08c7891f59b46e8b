/**
 * Receipts as rows: what stands in which column, and the queries over them. Adds nothing up.
 */
import { numberOf, textOf } from '../../storage/row-values.ts'
import type { SqlDatabase, SqlRow, SqlValue } from '../../storage/sql-database.ts'
import { RECEIPT_CONDITIONS, type ReceiptFilter } from '../ledger.ts'
import { type Feedback, type KeptReceipt, keptReceiptSchema, type ReceiptRecord } from '../receipt-record.ts'
import { firstPosition, POSITIONS_PER_MS } from './positions.ts'

/** A receipt and its position. */
export type PlacedReceipt = { readonly position: number; readonly receipt: KeptReceipt }

/** From `from` on and before `to`, positions. */
export type PositionRange = { readonly from: number; readonly to: number }

/**
 * Adds the receipt's row unless there is one with its id. In a transaction, which a full millisecond undoes.
 * @param at the time by which it is kept, ms
 * @returns its position, or undefined where it was there already
 * @throws if the millisecond is full, or the database is
 */
export function insertReceipt(database: SqlDatabase, at: number, record: ReceiptRecord): number | undefined {
  const from = firstPosition(at)
  const to = from + POSITIONS_PER_MS
  const [added] = database.exec(INSERT, from, to, ...COLUMN_VALUES.map((value) => value(record)))
  if (added === undefined) return undefined
  const position = numberOf(added, 'position')
  if (position >= to) throw new Error('Too many receipts of one millisecond')
  return position
}

/** Returns the receipt with this id. `at`: the time that the id begins with, ms. */
export function findReceipt(
  database: SqlDatabase,
  at: number,
  id: string,
  tenant: string,
): KeptReceipt | undefined {
  const from = firstPosition(at)
  const [row] = database.exec(
    'SELECT * FROM receipts WHERE position >= ? AND position < ? AND id = ?',
    from,
    from + POSITIONS_PER_MS,
    id,
  )
  return row && receiptOf(row, tenant)
}

/** Writes the feedback on a receipt. Returns whether there is such a receipt. */
export function writeFeedback(database: SqlDatabase, at: number, id: string, feedback: Feedback): boolean {
  const from = firstPosition(at)
  const changed = database.exec(
    'UPDATE receipts SET feedback = ? WHERE position >= ? AND position < ? AND id = ? RETURNING position',
    feedback,
    from,
    from + POSITIONS_PER_MS,
    id,
  )
  return changed.length > 0
}

/**
 * Returns the newest receipts of a range that a filter lets through, and how far was looked: every receipt from `end` on
 * has been seen.
 * @param limit of receipts that are returned
 * @param longest of rows that are looked at, so that a rare condition cannot hold the object up
 */
export function listReceipts(
  database: SqlDatabase,
  range: PositionRange,
  filter: ReceiptFilter,
  { limit, longest, tenant }: { readonly limit: number; readonly longest: number; readonly tenant: string },
): { readonly receipts: readonly PlacedReceipt[]; readonly end: number } {
  const conditions = RECEIPT_CONDITIONS.filter((name) => filter[name] !== undefined)
  const rows = database.exec(
    `SELECT * FROM (
      SELECT * FROM receipts WHERE position >= ? AND position < ? ORDER BY position DESC LIMIT ${longest}
    ) ${conditions.length === 0 ? '' : `WHERE ${conditions.map((name) => `${name} = ?`).join(' AND ')}`}
    ORDER BY position DESC LIMIT ?`,
    range.from,
    range.to,
    ...conditions.map((name) => filter[name] ?? null),
    limit,
  )
  const receipts = rows.map((row) => ({
    position: numberOf(row, 'position'),
    receipt: receiptOf(row, tenant),
  }))
  const last = receipts.at(-1)
  if (last !== undefined && receipts.length === limit) return { receipts, end: last.position }
  const [lastSeen] = database.exec(
    `SELECT position FROM receipts WHERE position >= ? AND position < ?
    ORDER BY position DESC LIMIT 1 OFFSET ${longest - 1}`,
    range.from,
    range.to,
  )
  return { receipts, end: lastSeen === undefined ? range.from : numberOf(lastSeen, 'position') }
}

/** What stands in which column beside the position, the id first; the tenant is the object's. */
const COLUMNS: Readonly<Record<string, (record: ReceiptRecord) => SqlValue>> = {
  id: (record) => record.id,
  user: (record) => record.user,
  startedAt: (record) => record.startedAt,
  surface: (record) => record.surface,
  requestedModel: (record) => record.requestedModel,
  stream: (record) => (record.stream ? 1 : 0),
  strategy: (record) => record.strategy,
  task: (record) => record.task,
  score: (record) => record.score,
  threshold: (record) => record.threshold,
  judgeScore: (record) => record.judgeScore,
  handoverScore: (record) => record.handoverScore,
  verifyScore: (record) => record.verifyScore,
  evidence: (record) => JSON.stringify(record.evidence),
  reason: (record) => record.reason,
  guard: (record) => record.guard,
  cache: (record) => record.cache,
  promptCache: (record) => (record.promptCache === null ? null : JSON.stringify(record.promptCache)),
  attempts: (record) => JSON.stringify(record.attempts),
  route: (record) => record.route,
  model: (record) => record.model,
  baselineModel: (record) => record.baselineModel,
  fallback: (record) => record.fallback,
  budget: (record) => record.budget,
  outcome: (record) => record.outcome,
  errorCode: (record) => record.errorCode,
  inputTokens: (record) => record.tokens?.input ?? null,
  outputTokens: (record) => record.tokens?.output ?? null,
  cacheWriteTokens: (record) => record.tokens?.cacheWrite ?? null,
  cacheReadTokens: (record) => record.tokens?.cacheRead ?? null,
  reasoningTokens: (record) => record.tokens?.reasoning ?? null,
  costNanoUsd: (record) => record.costNanoUsd,
  baselineNanoUsd: (record) => record.baselineNanoUsd,
  savedNanoUsd: (record) => record.savedNanoUsd,
  latencyMs: (record) => record.latencyMs,
  firstContentMs: (record) => record.firstContentMs,
  content: (record) => (record.content === undefined ? null : JSON.stringify(record.content)),
}
const COLUMN_VALUES = Object.values(COLUMNS)
/** One constant text, prepared once: looks for the id, finds the place and writes. */
const INSERT = `INSERT INTO receipts (position, ${Object.keys(COLUMNS).join(', ')})
  SELECT coalesce((SELECT max(position) + 1 FROM receipts WHERE position >= ?1 AND position < ?2), ?1),
    ${COLUMN_VALUES.map((_, index) => `?${index + 3}`).join(', ')}
  WHERE NOT EXISTS (SELECT 1 FROM receipts WHERE position >= ?1 AND position < ?2 AND id = ?3)
  RETURNING position`

/** Returns the receipt of a row. @throws if it holds something else */
function receiptOf(row: SqlRow, tenant: string): KeptReceipt {
  const { content, ...columns } = row
  return keptReceiptSchema.parse({
    ...columns,
    tenant,
    stream: row.stream === 1,
    evidence: JSON.parse(textOf(row, 'evidence')),
    promptCache: row.promptCache === null ? null : JSON.parse(textOf(row, 'promptCache')),
    attempts: JSON.parse(textOf(row, 'attempts')),
    tokens:
      row.inputTokens === null
        ? null
        : {
            input: row.inputTokens,
            output: row.outputTokens,
            cacheWrite: row.cacheWriteTokens,
            cacheRead: row.cacheReadTokens,
            reasoning: row.reasoningTokens,
          },
    ...(content === null ? {} : { content: JSON.parse(textOf(row, 'content')) }),
  })
}
