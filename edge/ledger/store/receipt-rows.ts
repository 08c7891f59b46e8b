/**
 * Receipts as rows: what stands in which column, and the queries over them. Adds nothing up.
 */
import { numberOf, textOf } from '../../storage/row-values.ts'
import type { SqlDatabase, SqlRow, SqlValue } from '../../storage/sql-database.ts'
import type { ReceiptFilter } from '../ledger.ts'
import { type Feedback, type KeptReceipt, keptReceiptSchema, type ReceiptRecord } from '../receipt-record.ts'
import { firstPosition, POSITIONS_PER_MS } from './positions.ts'

/** A receipt and its position. */
export type PlacedReceipt = { readonly position: number; readonly receipt: KeptReceipt }

/** From `from` on and before `to`, positions. */
export type PositionRange = { readonly from: number; readonly to: number }

/** Conditions that are a column's value. */
const EQUAL = [
  'user',
  'route',
  'model',
  'task',
  'outcome',
  'fallback',
  'cache',
  'budget',
  'feedback',
] as const

/**
 * Adds the receipt's row unless there is one with its id.
 * @param at the time by which it is kept, ms
 * @returns its position, or undefined where it was there already
 * @throws if the millisecond is full, or the database is
 */
export function insertReceipt(database: SqlDatabase, at: number, record: ReceiptRecord): number | undefined {
  const from = firstPosition(at)
  const sameTime = database.exec(
    'SELECT position, id FROM receipts WHERE position >= ? AND position < ? ORDER BY position',
    from,
    from + POSITIONS_PER_MS,
  )
  if (sameTime.some((row) => row.id === record.id)) return undefined
  const last = sameTime.at(-1)
  const position = last === undefined ? from : numberOf(last, 'position') + 1
  if (position >= from + POSITIONS_PER_MS) throw new Error('Too many receipts of one millisecond')
  const columns = { position, ...columnsOf(record) }
  database.exec(
    `INSERT INTO receipts (${Object.keys(columns).join(', ')})
    VALUES (${Object.keys(columns).fill('?').join(', ')})`,
    ...Object.values(columns),
  )
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
  const conditions = EQUAL.filter((name) => filter[name] !== undefined)
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

/** Returns the columns of a receipt but its position; the tenant is the object's. */
function columnsOf(record: ReceiptRecord): Record<string, SqlValue> {
  const { tokens } = record
  return {
    id: record.id,
    user: record.user,
    startedAt: record.startedAt,
    surface: record.surface,
    requestedModel: record.requestedModel,
    stream: record.stream ? 1 : 0,
    strategy: record.strategy,
    task: record.task,
    score: record.score,
    threshold: record.threshold,
    judgeScore: record.judgeScore,
    handoverScore: record.handoverScore,
    verifyScore: record.verifyScore,
    evidence: JSON.stringify(record.evidence),
    reason: record.reason,
    guard: record.guard,
    cache: record.cache,
    promptCache: record.promptCache === null ? null : JSON.stringify(record.promptCache),
    attempts: JSON.stringify(record.attempts),
    route: record.route,
    model: record.model,
    baselineModel: record.baselineModel,
    fallback: record.fallback,
    budget: record.budget,
    outcome: record.outcome,
    errorCode: record.errorCode,
    inputTokens: tokens?.input ?? null,
    outputTokens: tokens?.output ?? null,
    cacheWriteTokens: tokens?.cacheWrite ?? null,
    cacheReadTokens: tokens?.cacheRead ?? null,
    reasoningTokens: tokens?.reasoning ?? null,
    costNanoUsd: record.costNanoUsd,
    baselineNanoUsd: record.baselineNanoUsd,
    savedNanoUsd: record.savedNanoUsd,
    latencyMs: record.latencyMs,
    firstContentMs: record.firstContentMs,
    content: record.content === undefined ? null : JSON.stringify(record.content),
  }
}

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
