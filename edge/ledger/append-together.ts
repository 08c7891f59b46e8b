/**
 * Keeps the receipts of requests that end at about the same time with one call: a call costs more than all that it keeps, and
 * a timer for each request more than its receipt. Knows no store.
 *
 * On Workers no request may wait for another one's call. What they share is plain memory: the first request of a group
 * sends it, the next two look by timers of their own whether it is kept, and send it where it is not.
 */
import { lazily } from '../../shared/lazily.ts'
import type { Ledger } from './ledger.ts'
import type { ReceiptRecord } from './receipt-record.ts'

export type AppendTogetherOptions = {
  readonly appendAll: Ledger['appendAll']
  readonly sleep: (milliseconds: number) => Promise<void>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** So long the first receipt waits for others, in memory only. */
const GATHER_MS = 50
/** Guards look only when the call of the first request has had time to keep the group. */
const FOLLOW_MS = GATHER_MS + 100
/** So often a guard looks again whether the group is kept, and how often before it sends it, times its place in the group. */
const LOOK_MS = 50
const MOST_LOOKS = 40
/** So many requests after the first one look after a group: the platform may end a request, hardly all of three. */
const GUARDS = 2
/** A group that is not kept by then has lost all of its requests: whoever sends next takes it. */
const ORPHAN_MS = 20_000
/** With prompts and answers a receipt may have 200 KB, and a call 32 MiB. */
const MOST_TOGETHER = 50

type Entry = {
  /** The same each time. */
  readonly record: () => ReceiptRecord
  readonly lose: (error: unknown) => void
  /** Kept, or told of as lost. */
  isSettled: boolean
}
type Group = { readonly entries: Entry[]; readonly begunAt: number; isOpen: boolean }

/**
 * Returns what keeps a receipt. One that is sent twice, because nobody could say in time whether it is kept, is kept once.
 * Receipts are put together when they are sent, by whichever request sends them.
 */
export function createAppendTogether({
  appendAll,
  sleep,
  now,
}: AppendTogetherOptions): NonNullable<Ledger['appendLater']> {
  /** Those that are not settled, the oldest first. */
  let groups: Group[] = []
  const keep = async (entries: readonly Entry[]): Promise<void> => {
    try {
      await appendAll(entries.map(({ record }) => record()))
      for (const entry of entries) entry.isSettled = true
    } catch {
      // Perhaps for one receipt only.
      await Promise.all(entries.map(keepAlone))
    }
  }
  const keepAlone = async (entry: Entry): Promise<void> => {
    try {
      await appendAll([entry.record()])
    } catch (error) {
      if (!entry.isSettled) entry.lose(error)
    }
    entry.isSettled = true
  }
  const send = async (group: Group): Promise<void> => {
    group.isOpen = false
    const left = unsettled(group)
    if (left.length > 0) await keep(left)
    groups = groups.filter((each) => each !== group)
  }
  const sendFirst = async (group: Group): Promise<void> => {
    await sleep(GATHER_MS)
    await send(group)
    for (const orphan of groups.filter(({ begunAt }) => now() - begunAt > ORPHAN_MS)) await send(orphan)
  }
  const guard = async (group: Group, place: number): Promise<void> => {
    await sleep(FOLLOW_MS)
    for (let looks = 0; looks < MOST_LOOKS * place && unsettled(group).length > 0; looks += 1)
      await sleep(LOOK_MS)
    await send(group)
  }
  return (make, lose) => {
    // Made anew, a receipt could be of another tenant, whose key has been proven meanwhile: it would be kept in two places.
    const entry: Entry = { record: lazily(make), lose, isSettled: false }
    const last = groups.at(-1)
    if (last === undefined || !takesMore(last, now())) {
      const group: Group = { entries: [entry], begunAt: now(), isOpen: true }
      groups.push(group)
      return sendFirst(group)
    }
    const place = last.entries.push(entry) - 1
    return place > GUARDS ? undefined : guard(last, place)
  }
}

/** A group that is open for too long has lost its first request: without a place for one that looks after it, nobody joins it. */
function takesMore({ entries, begunAt, isOpen }: Group, now: number): boolean {
  if (!isOpen || entries.length === MOST_TOGETHER) return false
  return entries.length <= GUARDS || now - begunAt <= FOLLOW_MS
}

function unsettled({ entries }: Group): readonly Entry[] {
  return entries.filter(({ isSettled }) => !isSettled)
}
