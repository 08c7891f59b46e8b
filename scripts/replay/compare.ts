/**
 * Sets two decisions on the same requests side by side: what moved, and what both cost. Pure; decides nothing and prints
 * nothing.
 */
import { costUsd } from '../../edge/ledger/prices.ts'
import type { Decision } from '../../edge/routing/decide.ts'
import type { Usage } from '../../shared/messages.ts'

/** What came of one request under one setting. */
export type Outcome = Pick<Decision, 'targets' | 'reason' | 'task' | 'score'>

export type Compared = {
  readonly id: string | number
  readonly before: Outcome
  readonly after: Outcome
  readonly usage: Usage
  /** The log did not have the tokens. */
  readonly estimated: boolean
}

export type Money = {
  /** What Claude's answers cost; the local model costs nothing by the token. */
  readonly usd: number
  /** Requests for a model whose price is not known; `usd` leaves them out. */
  readonly unpriced: number
}

export type Move = {
  readonly id: string | number
  readonly from: string
  readonly to: string
  readonly task: string
  readonly score: number
  readonly reasonBefore: string
  readonly reasonAfter: string
}

export type Flow = {
  readonly from: string
  readonly to: string
  readonly task: string
  readonly requests: number
}

export type Comparison = {
  readonly requests: number
  /** Requests whose tokens are estimates. */
  readonly estimated: number
  readonly before: Money
  readonly after: Money
  /** Most frequent first. */
  readonly flows: readonly Flow[]
  /** In the order of the log. */
  readonly moved: readonly Move[]
}

/** Returns the comparison of all requests. */
export async function compareOutcomes(rows: AsyncIterable<Compared>): Promise<Comparison> {
  const moved: Move[] = []
  const flows = new Map<string, Flow>()
  let requests = 0
  let estimated = 0
  let before: Money = { usd: 0, unpriced: 0 }
  let after: Money = { usd: 0, unpriced: 0 }
  for await (const row of rows) {
    requests++
    if (row.estimated) estimated++
    before = withCost(before, row.before, row.usage)
    after = withCost(after, row.after, row.usage)
    const move = moveOf(row)
    if (move === undefined) continue
    moved.push(move)
    const { from, to, task } = move
    const key = JSON.stringify([from, to, task])
    flows.set(key, { from, to, task, requests: (flows.get(key)?.requests ?? 0) + 1 })
  }
  const byFrequency = [...flows.values()].sort((left, right) => right.requests - left.requests)
  return { requests, estimated, before, after, flows: byFrequency, moved }
}

function moveOf({ id, before, after }: Compared): Move | undefined {
  const from = destinationOf(before)
  const to = destinationOf(after)
  if (from === to) return undefined
  const { task, score } = after
  return { id, from, to, task, score, reasonBefore: before.reason, reasonAfter: after.reason }
}

/** `local`, the name of a Claude model, or `refused`. */
function destinationOf({ targets: [first] }: Outcome): string {
  if (first === undefined) return 'refused'
  return first.provider === 'local' ? 'local' : first.model
}

function withCost(money: Money, { targets: [first] }: Outcome, usage: Usage): Money {
  if (first === undefined || first.provider === 'local') return money
  const cost = costUsd(first.model, usage)
  return cost === undefined ? { ...money, unpriced: money.unpriced + 1 } : { ...money, usd: money.usd + cost }
}
