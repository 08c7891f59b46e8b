/**
 * One request on its way: what came, what is meant, what is known so far, and the one receipt at its end. Moves nothing on:
 * that is the gateway's.
 */
import type { Log } from '../shared/log.ts'
import type { Admission } from './budgets/budget-gate.ts'
import { uncacheableReason } from './cache/key.ts'
import { type FirstFactsDependencies, firstFacts } from './first-facts.ts'
import type { PriceList } from './ledger/prices.ts'
import type { BudgetEffect, RoutedFacts } from './ledger/receipt.ts'
import type { RecordReceipt } from './ledger/record-receipt.ts'
import { createRequestLedger, type RequestLedger } from './ledger/request-ledger.ts'
import type { Plan } from './planner.ts'
import type { RouterRequest } from './request.ts'

export type Passage = {
  readonly request: RouterRequest
  readonly plan: Plan
  readonly facts: RoutedFacts
  readonly mayCache: boolean
  readonly ledger: RequestLedger
  /** What its answer says of the limits that hold for it. */
  readonly limitHeaders: Readonly<Record<string, string>>
}

export type PassageDependencies = FirstFactsDependencies & {
  readonly prices: PriceList
  /** Told exactly once of each request, when it has ended. */
  readonly recordReceipt: RecordReceipt
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Begins a passage.
 * @param admission what its tenant's limits let it do; they are told of its end
 * @param budget what a reached limit has done to the plan
 */
export type BeginPassage = (
  request: RouterRequest,
  plan: Plan,
  admission?: Admission,
  budget?: BudgetEffect,
) => Passage

/** Returns what begins passages. */
export function createPassages(dependencies: PassageDependencies): BeginPassage {
  const { prices, recordReceipt, log, now } = dependencies
  return (request, plan, admission, budget) => {
    const mayCache = uncacheableReason(request, plan.features) === undefined
    return {
      request,
      plan,
      mayCache,
      ledger: createRequestLedger({
        prices,
        recordReceipt(receipt, answer) {
          recordReceipt(receipt, { request, answer })
          admission?.settle(receipt, answer)
        },
        log,
        now,
      }),
      limitHeaders: admission?.headers ?? {},
      facts: firstFacts(request, plan, dependencies, { mayCache, budget }),
    }
  }
}
