/**
 * The tables of one object of receipts. Rows written are what a free plan has least of: one row a request, no index
 * beside the primary key, sums in bunches.
 */
import type { Migration } from '../../storage/migrations.ts'

export const RECEIPTS_MIGRATIONS: readonly Migration[] = [
  {
    name: 'receipts',
    statements: [
      `CREATE TABLE receipts (
        position INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        user TEXT,
        startedAt INTEGER NOT NULL,
        surface TEXT NOT NULL,
        requestedModel TEXT NOT NULL,
        stream INTEGER NOT NULL,
        strategy TEXT NOT NULL,
        task TEXT NOT NULL,
        score REAL NOT NULL,
        threshold REAL NOT NULL,
        judgeScore REAL,
        handoverScore REAL,
        evidence TEXT NOT NULL,
        reason TEXT NOT NULL,
        guard TEXT,
        cache TEXT NOT NULL,
        attempts TEXT NOT NULL,
        route TEXT,
        model TEXT,
        baselineModel TEXT NOT NULL,
        fallback TEXT,
        budget TEXT,
        outcome TEXT NOT NULL,
        errorCode TEXT,
        inputTokens INTEGER,
        outputTokens INTEGER,
        cacheWriteTokens INTEGER,
        cacheReadTokens INTEGER,
        reasoningTokens INTEGER,
        costNanoUsd INTEGER,
        baselineNanoUsd INTEGER,
        savedNanoUsd INTEGER,
        latencyMs REAL NOT NULL,
        firstContentMs REAL,
        content TEXT,
        feedback TEXT
      ) STRICT`,
      // Sums of some receipts that began in this part of the month; only ever added to (rollups.ts).
      `CREATE TABLE segments (
        kind TEXT NOT NULL,
        part INTEGER NOT NULL,
        number INTEGER NOT NULL,
        groups TEXT NOT NULL,
        PRIMARY KEY (kind, part, number)
      ) STRICT, WITHOUT ROWID`,
      'CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
    ],
  },
  // A migration is never changed once it has run anywhere: objects that have the table get the column by one of its own.
  { name: 'verify score', statements: ['ALTER TABLE receipts ADD COLUMN verifyScore REAL'] },
  { name: 'prompt cache', statements: ['ALTER TABLE receipts ADD COLUMN promptCache TEXT'] },
]
