/**
 * What the middleware leaves for the handlers, and what all handlers are given.
 */

import type { Context } from 'hono'
import type { Log } from '../../shared/log.ts'
import type { Batches } from '../batches/batches.ts'
import type { UsageOf } from '../budgets/usage-of.ts'
import type { AnswerCache } from '../cache/cache.ts'
import type { Config } from '../config.ts'
import type { ControlStore } from '../control/control-store.ts'
import type { FindLimits } from '../control/limits-of.ts'
import type { Explainer } from '../explanation/explanation.ts'
import type { Gateway } from '../gateway.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { ReadAsset } from '../pages/assets.ts'
import type { LocalPool } from '../providers/local/pool.ts'
import type { Fetch } from '../providers/provider.ts'
import type { ClientCredential, WaitUntil } from '../request.ts'
import type { ResponseStore } from '../responses/store/response-store.ts'
import type { Thresholds } from '../routing/thresholds.ts'
import type { StrategyStore } from '../strategy-store.ts'
import type { Tenant } from '../tenants.ts'

export type Variables = {
  requestId: string
  startedAt: number
  tenant: Tenant
  clientCredential: ClientCredential | undefined
}
export type AppEnvironment = { Variables: Variables }
export type AppContext = Context<AppEnvironment>

/** The parts that `index.ts` (or a test) puts together. */
export type AppDependencies = {
  readonly config: Config
  readonly gateway: Gateway
  readonly explain: Explainer
  readonly control: ControlStore
  readonly findLimits: FindLimits
  /** Returns what a tenant and one of its users have used of their limits; undefined where nobody counts. */
  readonly usageOf?: UsageOf | undefined
  readonly batches: Batches
  readonly strategies: StrategyStore
  readonly thresholds: Thresholds
  readonly local: LocalPool | undefined
  readonly cache: AnswerCache
  /** Undefined where no receipts are kept. */
  readonly ledger: Ledger | undefined
  /** Undefined where conversations of the Responses API are not kept. */
  readonly responses: ResponseStore | undefined
  readonly fetch: Fetch
  /** Reads a file of the pages' built folder. */
  readonly readAsset: ReadAsset
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Returns the id of a request that came at this time, milliseconds since the epoch. */
  readonly createId: (at: number) => string
}

/** Keeps work alive after the response where the platform has a way to say so. */
export function waitUntilOf(context: AppContext): WaitUntil {
  return (work) => {
    const quiet = work.catch(() => {})
    try {
      context.executionCtx.waitUntil(quiet)
    } catch {
      // Outside Workers there is nothing to tell: the process lives on by itself.
    }
  }
}
