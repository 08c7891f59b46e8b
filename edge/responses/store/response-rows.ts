/**
 * Kept responses as rows: texts in pieces, because a row holds 2 MB at most, and conversations that live and expire as a
 * whole. Knows no clock but the times that it is given, ms since the epoch.
 */
import type { Migration } from '../../storage/migrations.ts'
import { numberOf, numberOrNull, textOf, textOrNull } from '../../storage/row-values.ts'
import type { SqlDatabase, SqlRow } from '../../storage/sql-database.ts'
import type { Chain, Gathered, KeptResponse, ShownResponse } from './response-store.ts'

export const RESPONSE_MIGRATIONS: readonly Migration[] = [
  {
    name: 'responses-1',
    statements: [
      `CREATE TABLE conversations (
        id INTEGER PRIMARY KEY, expires_at INTEGER NOT NULL, bytes INTEGER NOT NULL
      ) STRICT`,
      'CREATE INDEX conversations_by_expiry ON conversations (expires_at)',
      `CREATE TABLE responses (
        id TEXT PRIMARY KEY, conversation INTEGER NOT NULL, previous TEXT, item_bytes INTEGER NOT NULL,
        bytes INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
      'CREATE INDEX responses_by_conversation ON responses (conversation)',
      `CREATE TABLE pieces (
        response TEXT NOT NULL, part TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (response, part, number)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    name: 'responses-2',
    statements: ['ALTER TABLE responses ADD COLUMN privacy_local INTEGER NOT NULL DEFAULT 0'],
  },
]

type Part = 'items' | 'frame'

/** In UTF-16 units: three bytes each at most. */
const PIECE_LENGTH = 500_000

/** Sizes in UTF-8: of the items, and of the whole. */
export type ResponseBytes = { readonly items: number; readonly all: number }

export type ResponseRows = {
  /** Adds the response to the conversation that it goes on, or to a new one, which then lives until `expiresAt`. */
  readonly add: (response: KeptResponse, bytes: ResponseBytes, at: number, expiresAt: number) => void
  readonly chain: (id: string, maxBytes: number, at: number) => Chain
  readonly gather: (ids: readonly string[], maxBytes: number, at: number) => Gathered
  readonly has: (id: string, at: number) => boolean
  readonly find: (id: string, at: number) => ShownResponse | undefined
  readonly remove: (id: string) => void
  /** Deletes conversations that expire before or at this time. @returns how many there were */
  readonly deleteExpired: (at: number) => number
  /** Deletes the conversation that expires first. @returns false where there is none */
  readonly deleteOldest: () => boolean
  /** When the next conversation expires; undefined where there is none. */
  readonly nextExpiry: () => number | undefined
  /** What all responses hold, bytes. */
  readonly totalBytes: () => number
}

/** Returns the rows of a database whose migrations have run. */
export function createResponseRows(database: SqlDatabase): ResponseRows {
  const conversationOf = (id: string | undefined, at: number): number | undefined => {
    if (id === undefined) return undefined
    const [row] = database.exec(
      `SELECT conversation FROM responses JOIN conversations ON conversations.id = conversation
       WHERE responses.id = ? AND expires_at > ?`,
      id,
      at,
    )
    return row && numberOf(row, 'conversation')
  }
  const write = (response: string, part: Part, text: string) => {
    for (const [number, piece] of piecesOf(text).entries())
      database.exec(
        'INSERT INTO pieces (response, part, number, text) VALUES (?, ?, ?, ?)',
        response,
        part,
        number,
        piece,
      )
  }
  const read = (response: string, part: Part): string =>
    database
      .exec('SELECT text FROM pieces WHERE response = ? AND part = ? ORDER BY number', response, part)
      .map((row) => textOf(row, 'text'))
      .join('')
  const deleteResponse = (id: string) => {
    database.exec('DELETE FROM pieces WHERE response = ?', id)
    database.exec('DELETE FROM responses WHERE id = ?', id)
  }
  const deleteConversation = (conversation: number) =>
    database.transaction(() => {
      for (const row of database.exec('SELECT id FROM responses WHERE conversation = ?', conversation))
        deleteResponse(textOf(row, 'id'))
      database.exec('DELETE FROM conversations WHERE id = ?', conversation)
    })
  /** Reads nothing but sizes until it is sure that all may be read. */
  const gather = (heads: readonly SqlRow[], maxBytes: number): Gathered => {
    const ids: string[] = []
    let bytes = 0
    let privacyLocal = false
    for (const head of heads) {
      bytes += numberOf(head, 'item_bytes')
      if (bytes > maxBytes) return { kind: 'too_large' }
      ids.push(textOf(head, 'id'))
      privacyLocal ||= numberOf(head, 'privacy_local') === 1
    }
    return { kind: 'found', items: ids.map((id) => read(id, 'items')), bytes, privacyLocal }
  }
  const headOf = (id: string): SqlRow | undefined =>
    database.exec('SELECT id, previous, item_bytes, privacy_local FROM responses WHERE id = ?', id)[0]
  return {
    add({ id, previous, items, frame, privacyLocal }, bytes, at, expiresAt) {
      database.transaction(() => {
        let conversation = conversationOf(previous, at)
        if (conversation === undefined) {
          database.exec('INSERT INTO conversations (expires_at, bytes) VALUES (?, ?)', expiresAt, bytes.all)
          const [row = {}] = database.exec('SELECT last_insert_rowid() AS id')
          conversation = numberOf(row, 'id')
        } else
          database.exec(
            'UPDATE conversations SET expires_at = ?, bytes = bytes + ? WHERE id = ?',
            expiresAt,
            bytes.all,
            conversation,
          )
        database.exec(
          `INSERT INTO responses (id, conversation, previous, item_bytes, bytes, privacy_local)
           VALUES (?, ?, ?, ?, ?, ?)`,
          id,
          conversation,
          previous ?? null,
          bytes.items,
          bytes.all,
          privacyLocal ? 1 : 0,
        )
        write(id, 'items', items)
        write(id, 'frame', frame)
      })
    },
    chain(id, maxBytes, at) {
      if (conversationOf(id, at) === undefined) return { kind: 'missing' }
      const heads: SqlRow[] = []
      for (let next: string | null = id; next !== null; ) {
        const head = headOf(next)
        if (head === undefined) return { kind: 'missing' }
        heads.push(head)
        next = textOrNull(head, 'previous')
      }
      return gather(heads.reverse(), maxBytes)
    },
    gather(ids, maxBytes, at) {
      const heads: SqlRow[] = []
      for (const id of ids) {
        const head = conversationOf(id, at) === undefined ? undefined : headOf(id)
        if (head !== undefined) heads.push(head)
      }
      return gather(heads, maxBytes)
    },
    has: (id, at) => conversationOf(id, at) !== undefined,
    find: (id, at) =>
      conversationOf(id, at) === undefined
        ? undefined
        : { id, items: read(id, 'items'), frame: read(id, 'frame') },
    remove: (id) =>
      database.transaction(() => {
        database.exec(
          `UPDATE conversations SET bytes = bytes - (SELECT bytes FROM responses WHERE id = ?)
           WHERE id = (SELECT conversation FROM responses WHERE id = ?)`,
          id,
          id,
        )
        deleteResponse(id)
      }),
    deleteExpired(at) {
      const expired = database.exec('SELECT id FROM conversations WHERE expires_at <= ?', at)
      for (const row of expired) deleteConversation(numberOf(row, 'id'))
      return expired.length
    },
    deleteOldest() {
      const [row] = database.exec('SELECT id FROM conversations ORDER BY expires_at LIMIT 1')
      if (row === undefined) return false
      deleteConversation(numberOf(row, 'id'))
      return true
    },
    nextExpiry() {
      const [row] = database.exec('SELECT MIN(expires_at) AS at FROM conversations')
      return row === undefined ? undefined : (numberOrNull(row, 'at') ?? undefined)
    },
    totalBytes() {
      const [row = {}] = database.exec('SELECT COALESCE(SUM(bytes), 0) AS bytes FROM conversations')
      return numberOf(row, 'bytes')
    },
  }
}

/** No piece ends within a sign of two units: half a one is no text. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (let start = 0; start < text.length || pieces.length === 0; ) {
    let end = Math.min(start + PIECE_LENGTH, text.length)
    const last = text.charCodeAt(end - 1)
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1
    pieces.push(text.slice(start, end))
    start = end
  }
  return pieces
}
