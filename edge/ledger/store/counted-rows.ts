/**
 * Rows of receipts as far as totals need them. Read one by one and without a schema: these are scans over many.
 */

import { API_SURFACES } from '../../request.ts'
import { numberOf, numberOrNull, textOf, textOrNull } from '../../storage/row-values.ts'
import type { SqlDatabase, SqlRow } from '../../storage/sql-database.ts'
import { BUDGET_EFFECTS, CACHE_RESULTS, OUTCOMES, ROUTES } from '../receipt.ts'
import type { ReceiptRecord } from '../receipt-record.ts'
import type { CountedFacts } from '../totals.ts'
import type { PositionRange } from './receipt-rows.ts'

/** What groups and totals need of a receipt. */
export type GroupedFacts = CountedFacts & Pick<ReceiptRecord, 'route' | 'model' | 'task'>

const COLUMNS = `position, user, surface, task, cache, route, model, fallback, budget, outcome, inputTokens, outputTokens, cacheWriteTokens,
  cacheReadTokens, reasoningTokens, costNanoUsd, baselineNanoUsd, savedNanoUsd, latencyMs, firstContentMs`

/** Yields the receipts of a range with their positions, oldest first. */
export function* scanReceipts(
  database: SqlDatabase,
  { from, to }: PositionRange,
): Generator<{ readonly position: number; readonly facts: GroupedFacts }> {
  const query = `SELECT ${COLUMNS} FROM receipts WHERE position >= ? AND position < ? ORDER BY position`
  for (const row of database.scan(query, from, to))
    yield { position: numberOf(row, 'position'), facts: factsOf(row) }
}

/** Returns whether any receipt stands in a range. */
export function holdsReceipts(database: SqlDatabase, { from, to }: PositionRange): boolean {
  const query = 'SELECT position FROM receipts WHERE position >= ? AND position < ? LIMIT 1'
  return database.exec(query, from, to).length > 0
}

function factsOf(row: SqlRow): GroupedFacts {
  return {
    user: textOrNull(row, 'user'),
    surface: oneOf(API_SURFACES, textOf(row, 'surface')),
    task: textOf(row, 'task'),
    cache: oneOf(CACHE_RESULTS, textOf(row, 'cache')),
    route: row.route === null ? null : oneOf(ROUTES, textOf(row, 'route')),
    model: textOrNull(row, 'model'),
    fallback: textOrNull(row, 'fallback'),
    budget: row.budget === null ? null : oneOf(BUDGET_EFFECTS, textOf(row, 'budget')),
    outcome: oneOf(OUTCOMES, textOf(row, 'outcome')),
    tokens:
      row.inputTokens === null
        ? null
        : {
            input: numberOf(row, 'inputTokens'),
            output: numberOf(row, 'outputTokens'),
            cacheWrite: numberOf(row, 'cacheWriteTokens'),
            cacheRead: numberOf(row, 'cacheReadTokens'),
            reasoning: numberOrNull(row, 'reasoningTokens'),
          },
    costNanoUsd: numberOrNull(row, 'costNanoUsd'),
    baselineNanoUsd: numberOrNull(row, 'baselineNanoUsd'),
    savedNanoUsd: numberOrNull(row, 'savedNanoUsd'),
    latencyMs: numberOf(row, 'latencyMs'),
    firstContentMs: numberOrNull(row, 'firstContentMs'),
  }
}

function oneOf<T extends string>(names: readonly T[], name: string): T {
  const found = names.find((each) => each === name)
  if (found === undefined) throw new Error(`A receipt holds an unknown word`)
  return found
}
