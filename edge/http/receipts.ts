/**
 * `GET /v1/router/requests` and `/:id`: the receipts of requests, a page at a time or as a stream of lines.
 */
import { RouterError } from '../../shared/errors.ts'
import { closesWith } from '../fallback/commit.ts'
import { answerCandidate } from '../ledger/answer-candidate.ts'
import type { Ledger, ReceiptFilter, Scope } from '../ledger/ledger.ts'
import type { Unread } from '../ledger/read-objects.ts'
import { FEEDBACK, type KeptReceipt } from '../ledger/receipt-record.ts'
import { trainingRow } from '../ledger/training-row.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { ledgerOf, reading, scopeOf } from './ledger-access.ts'
import { readQuery } from './query.ts'
import { LARGEST_PAGE, type ReceiptQuery, readReceiptQuery } from './receipt-filter.ts'
import { showReceipt } from './receipt-wire.ts'
import { streamBody } from './sse-response.ts'

const LINES = 'application/jsonl; charset=utf-8'

/** `GET /v1/router/requests/:id` */
export function createReceiptHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  return async (context) => {
    const { tenant } = readQuery(context.req.url, ['tenant'])
    const scope = scopeOf(context, tenant)
    const id = context.req.param('id') ?? ''
    const found = await reading(dependencies, context, ledgerOf(dependencies).find(scope, id))
    if (found === undefined) throw noReceipt()
    return context.json(showReceipt(found, true))
  }
}

/** `GET /v1/router/requests` */
export function createReceiptListHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  return async (context) => {
    const query = readReceiptQuery(context.req.url, dependencies.now())
    const scope = scopeOf(context, query.tenant)
    const ledger = ledgerOf(dependencies)
    const { filter, format, limit = LARGEST_PAGE, cursor } = query
    if (format === 'json') {
      const unread: Unread[] = []
      const asked = ledger.list(scope, filter, { limit, cursor }, (lacking) => void unread.push(lacking))
      const page = await reading(dependencies, context, asked)
      const data = page.receipts.map((receipt) => showReceipt(receipt, false))
      return context.json({ data, cursor: page.cursor, unread })
    }
    const read = (wanted: ReceiptFilter) => pagesOf(ledger, scope, wanted)
    const all = format === 'training' ? withFeedback(filter, read) : read(filter)
    const receipts = query.limit === undefined ? all : firstOf(all, query.limit)
    const source = linesOf(receipts, format)
    // Whatever is wrong with the query shows here, while it can still be answered with a status.
    const first = await reading(dependencies, context, source.next())
    async function* lines(): AsyncGenerator<string> {
      if (!first.done) yield first.value
      yield* source
    }
    const pieces = closesWith(lines(), () => source.return(undefined))
    return new Response(
      streamBody(pieces, () => {}),
      { headers: { 'content-type': LINES } },
    )
  }
}

/** Returns the error for an id of which nothing is known, or nothing to this caller. */
export function noReceipt(): RouterError {
  return new RouterError(
    'not_found',
    'There is no receipt of such a request. It may be younger than a few seconds, or older than RETENTION_DAYS.',
  )
}

type Format = Exclude<ReceiptQuery['format'], 'json'>

/** Each receipt's line, or undefined where it is none. */
const LINES_OF: Readonly<Record<Format, (receipt: KeptReceipt) => unknown>> = {
  jsonl: (receipt) => showReceipt(receipt, true),
  training: trainingRow,
  answers: answerCandidate,
}

async function* linesOf(receipts: AsyncGenerator<KeptReceipt>, format: Format): AsyncGenerator<string> {
  for await (const receipt of receipts) {
    const line = LINES_OF[format](receipt)
    if (line !== undefined) yield `${JSON.stringify(line)}\n`
  }
}

/** Yields the receipts of all pages; a page is asked for when the one before has been read. */
async function* pagesOf(ledger: Ledger, scope: Scope, filter: ReceiptFilter): AsyncGenerator<KeptReceipt> {
  let cursor: string | undefined
  do {
    const page = await ledger.list(scope, filter, { limit: LARGEST_PAGE, cursor })
    yield* page.receipts
    cursor = page.cursor ?? undefined
  } while (cursor !== undefined)
}

/** Yields at most `limit` receipts, 1 or more. */
async function* firstOf(receipts: AsyncGenerator<KeptReceipt>, limit: number): AsyncGenerator<KeptReceipt> {
  let left = limit
  for await (const receipt of receipts) {
    yield receipt
    left -= 1
    if (left === 0) return
  }
}

/** Of all receipts only the few with a word of feedback are read. */
async function* withFeedback(
  filter: ReceiptFilter,
  read: (wanted: ReceiptFilter) => AsyncGenerator<KeptReceipt>,
): AsyncGenerator<KeptReceipt> {
  const wanted = filter.feedback === undefined ? FEEDBACK : [filter.feedback]
  for (const feedback of wanted) yield* read({ ...filter, feedback })
}
