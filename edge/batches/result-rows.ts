/**
 * Reads the rows of a batch's results beside their bytes, piece by piece, and never changes or delays one. What it cannot
 * read is counted, no error: the client gets it all the same.
 */
import * as z from 'zod/mini'
import { type Usage, usageSchema } from '../../shared/messages.ts'

/** An answer of the longest kind, its thinking included, is far smaller. */
const LONGEST_ROW_BYTES = 16 * 1024 * 1024
const NEWLINE = 10
const LONGEST_NAME = 256

export type ResultRow = {
  readonly customId: string
  readonly result: 'succeeded' | 'errored' | 'canceled' | 'expired'
  readonly errorType: string | undefined
  /** Set where it succeeded. */
  readonly model: string | undefined
  readonly usage: Usage | undefined
}

const rowSchema = z.looseObject({
  custom_id: z.string(),
  result: z.discriminatedUnion('type', [
    z.looseObject({
      type: z.literal('succeeded'),
      message: z.looseObject({ model: z.string(), usage: usageSchema }),
    }),
    z.looseObject({ type: z.literal('errored'), error: z.unknown() }),
    z.looseObject({ type: z.literal('canceled') }),
    z.looseObject({ type: z.literal('expired') }),
  ]),
})
/** A row of a kind that nobody knows yet. */
const anyRowSchema = z.looseObject({ custom_id: z.string() })
const errorSchema = z.looseObject({ error: z.looseObject({ type: z.string() }) })

export type ResultReader = {
  /** Takes bytes as they come and returns the rows that end in them. */
  readonly push: (bytes: Uint8Array) => ResultRow[]
  /** Returns the row that no line break ends, if there is one. */
  readonly end: () => ResultRow[]
  /** Lines so far that could not be read. */
  readonly unread: () => number
  /** Those of them that are no row of any batch: a page of something in between, or an error in the place of results. */
  readonly foreign: () => number
}

/** Returns the reader of one answer. */
export function createResultReader(): ResultReader {
  let pieces: Uint8Array[] = []
  let size = 0
  let unread = 0
  let foreign = 0
  const keep = (bytes: Uint8Array) => {
    size += bytes.byteLength
    // A line that is too long is read no further; its end still ends it.
    if (size <= LONGEST_ROW_BYTES) pieces.push(bytes)
    else pieces = []
  }
  const take = (): ResultRow[] => {
    const [kept, length] = [pieces, size]
    pieces = []
    size = 0
    if (length === 0) return []
    const row = length > LONGEST_ROW_BYTES ? UNREAD : readRow(textOf(kept))
    if (row === BLANK) return []
    if (row === FOREIGN) foreign += 1
    if (row !== FOREIGN && row !== UNREAD) return [row]
    unread += 1
    return []
  }
  return {
    push(bytes) {
      const rows: ResultRow[] = []
      let from = 0
      for (;;) {
        const to = bytes.indexOf(NEWLINE, from)
        if (to === -1) break
        keep(bytes.subarray(from, to))
        rows.push(...take())
        from = to + 1
      }
      if (from < bytes.byteLength) keep(bytes.slice(from))
      return rows
    },
    end: take,
    unread: () => unread,
    foreign: () => foreign,
  }
}

const BLANK = 'blank'
const UNREAD = 'unread'
const FOREIGN = 'foreign'

function readRow(text: string): ResultRow | typeof BLANK | typeof UNREAD | typeof FOREIGN {
  if (text.trim() === '') return BLANK
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return FOREIGN
  }
  const parsed = rowSchema.safeParse(value)
  if (!parsed.success) return anyRowSchema.safeParse(value).success ? UNREAD : FOREIGN
  const { custom_id: customId, result } = parsed.data
  const row = { customId, result: result.type, errorType: undefined, model: undefined, usage: undefined }
  if (result.type === 'succeeded') return { ...row, model: result.message.model, usage: result.message.usage }
  if (result.type !== 'errored') return row
  const error = errorSchema.safeParse(result.error)
  return { ...row, errorType: error.data?.error.type.slice(0, LONGEST_NAME) }
}

function textOf(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode()
}
