/**
 * Keeps the receipts of requests that end at about the same time with one call: a call costs more than all that it keeps. Every
 * request still makes sure by itself that its receipt is kept. Knows no store.
 *
 * On Workers no request may wait for another one's call. What they share is plain memory, which each looks at by a timer of
 * its own: one timer each, as long as nothing goes wrong.
 */
import type { Ledger } from './ledger.ts'
import type { ReceiptRecord } from './receipt-record.ts'

export type AppendTogetherOptions = {
  readonly appendAll: Ledger['appendAll']
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** So long the first receipt waits for others, in memory only. */
const GATHER_MS = 50
/** The others look only when the call of the first one has had time to keep them. */
const FOLLOW_MS = GATHER_MS + 100
/** So often a request looks again whether the call that took its receipt has kept it, and how often before it asks by itself. */
const LOOK_MS = 50
const MOST_LOOKS = 40
/** With prompts and answers a receipt may have 200 KB, and a call 32 MiB. */
const MOST_TOGETHER = 50

type Entry = {
  readonly make: () => ReceiptRecord
  state: 'waiting' | 'taken' | 'kept' | 'failed'
}

/**
 * Returns what keeps a receipt; it resolves once the receipt is kept. One that is sent twice, because nobody could say in time
 * whether it is, is kept once. Receipts are put together when they are sent, by whichever request sends them.
 */
export function createAppendTogether({
  appendAll,
  sleep,
}: AppendTogetherOptions): NonNullable<Ledger['appendLater']> {
  let waiting: Entry[] = []
  const take = (first: Entry): readonly Entry[] => {
    const taken = [first, ...waiting.filter((entry) => entry !== first)].slice(0, MOST_TOGETHER)
    for (const entry of taken) entry.state = 'taken'
    waiting = waiting.filter(({ state }) => state === 'waiting')
    return taken
  }
  const send = async (entries: readonly Entry[]): Promise<void> => {
    try {
      await appendAll(entries.map(({ make }) => make()))
      for (const entry of entries) entry.state = 'kept'
    } catch {
      for (const entry of entries) entry.state = 'failed'
    }
  }
  return async (make) => {
    const entry: Entry = { make, state: 'waiting' }
    const isFirst = waiting.length === 0
    waiting.push(entry)
    await sleep(isFirst ? GATHER_MS : FOLLOW_MS)
    if (stateOf(entry) === 'waiting') await send(take(entry))
    // More have come than one call holds: nobody else would look after them for a while.
    for (let next = waiting[0]; isFirst && next && waiting.length >= MOST_TOGETHER; next = waiting[0])
      await send(take(next))
    for (let looks = 0; looks < MOST_LOOKS && stateOf(entry) === 'taken'; looks += 1) await sleep(LOOK_MS)
    // The request that took it may have been ended, or its call has failed, perhaps for another one's receipt.
    if (stateOf(entry) !== 'kept') await appendAll([make()])
  }
}

/** Other requests change it meanwhile. */
function stateOf({ state }: Entry): Entry['state'] {
  return state
}
