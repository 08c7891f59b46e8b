/**
 * When requests would be admitted, say their first word and be finished, were nobody else to come: a simulation of the
 * rows that run and of those that wait. Prompts are read one after another, answers are written side by side. Pure.
 */

/** What is left to do of one request, in tokens. */
export type Work = {
  /** Of the prompt, still to be read. */
  readonly prefillTokens: number
  /** Of the answer, still to be written: an expectation. */
  readonly decodeTokens: number
  /** Of the key-value cache, set aside from admission to the end. */
  readonly cacheTokens: number
}

export type Capacity = { readonly rows: number; readonly cacheTokens: number }

export type Pace = {
  readonly msPerPrefillToken: number
  /** From one token of an answer to its next. */
  readonly msPerToken: number
}

/** In ms from now. */
export type Forecast = {
  readonly admittedMs: number
  readonly firstTokenMs: number
  readonly finishedMs: number
}

/**
 * Returns what becomes of each waiting request, in their order; none is admitted before the one ahead of it.
 * @param running in the order of their admission
 */
export function forecast(
  running: readonly Work[],
  waiting: readonly Work[],
  capacity: Capacity,
  pace: Pace,
): readonly Forecast[] {
  const rows: Row[] = []
  let now = 0
  let prefillEndsAt = 0
  const admit = (work: Work): Forecast => {
    prefillEndsAt = Math.max(prefillEndsAt, now) + work.prefillTokens * pace.msPerPrefillToken
    const firstTokenMs = work.prefillTokens > 0 ? prefillEndsAt : now
    const finishedMs = firstTokenMs + work.decodeTokens * pace.msPerToken
    rows.push({ cacheTokens: work.cacheTokens, endsAt: finishedMs })
    return { admittedMs: now, firstTokenMs, finishedMs }
  }
  for (const work of running) admit(work)
  return waiting.map((work) => {
    while (!hasRoom(rows, work, capacity)) now = Math.max(now, takeSoonest(rows).endsAt)
    return admit(work)
  })
}

type CacheUse = Pick<Work, 'cacheTokens'>
type Row = CacheUse & { readonly endsAt: number }

/**
 * Says whether one more may run. Rows that share steps take as much of the cache as the longest of them; a request that is
 * larger than the whole cache may run alone.
 */
export function hasRoom(running: readonly CacheUse[], next: CacheUse, capacity: Capacity): boolean {
  if (running.length === 0) return true
  const rows = running.length + 1
  const longest = Math.max(next.cacheTokens, ...running.map(({ cacheTokens }) => cacheTokens))
  return rows <= capacity.rows && rows * longest <= capacity.cacheTokens
}

/** Takes the row out that ends first; there must be one. */
function takeSoonest(rows: Row[]): Row {
  const first = rows.reduce((best, row) => (row.endsAt < best.endsAt ? row : best))
  rows.splice(rows.indexOf(first), 1)
  return first
}
