/**
 * The receipt of a request that ends before it was decided on: one that cannot be read, is not allowed, or cannot be planned.
 * Who is not let in at all leaves none: strangers must not fill anybody's ledger.
 */
import type { RouterError } from '../shared/errors.ts'
import { baselineModel, type FirstFactsDependencies } from './first-facts.ts'
import type { RoutedFacts } from './ledger/receipt.ts'
import { createRequestLedger, type RequestLedger } from './ledger/request-ledger.ts'
import type { PassageDependencies } from './passage.ts'
import type { PlannerDependencies } from './planner.ts'
import type { RouterRequest } from './request.ts'

/** A request as far as it was understood. */
export type Arrival = Pick<
  RouterRequest,
  'id' | 'tenant' | 'surface' | 'user' | 'startedAt' | 'waitUntil' | 'header' | 'passHeaders'
> & {
  /** Empty where the body does not name one. */
  readonly requestedModel: string
  readonly stream: boolean
}

export type ArrivalDependencies = PassageDependencies &
  FirstFactsDependencies &
  Pick<PlannerDependencies, 'strategies' | 'thresholds'>

/** Records the refusal of a request of which no receipt was begun. Never throws. */
export type RefuseArrival = (arrival: Arrival, error: RouterError) => Promise<Pick<RequestLedger, 'receipt'>>

/** Returns what records such refusals. */
export function createRefuseArrival(dependencies: ArrivalDependencies): RefuseArrival {
  const { prices, recordReceipt, log, now, strategies } = dependencies
  return async (arrival, error) => {
    const ledger = createRequestLedger({
      prices,
      recordReceipt: (receipt) =>
        recordReceipt(receipt, { request: { ...arrival, view: undefined }, answer: undefined }),
      log,
      now,
    })
    const strategy = arrival.tenant.strategy ?? (await strategies.current(arrival.waitUntil))
    ledger.end(arrivalFacts(arrival, error, { ...dependencies, strategy }), {
      outcome: outcomeOf(error),
      message: undefined,
      firstContentMs: undefined,
      errorCode: error.code,
    })
    return ledger
  }
}

function outcomeOf({ code }: RouterError): 'refused' | 'failed' | 'cancelled' {
  if (code === 'cancelled') return 'cancelled'
  return code === 'internal' ? 'failed' : 'refused'
}

/** Nothing was judged: the task is `other` and nothing speaks for or against. */
function arrivalFacts(
  { id, tenant, surface, user, startedAt, requestedModel, stream }: Arrival,
  { code }: RouterError,
  dependencies: ArrivalDependencies & Pick<RoutedFacts, 'strategy'>,
): RoutedFacts {
  return {
    requestId: id,
    tenantId: tenant.id,
    user,
    surface,
    startedAt,
    strategy: dependencies.strategy,
    requestedModel,
    stream,
    task: 'other',
    score: 0,
    threshold: dependencies.thresholds.complex,
    judgeScore: undefined,
    handoverScore: undefined,
    reasons: () => [],
    reason: `before routing: ${code}`,
    guard: undefined,
    cache: 'bypass',
    failures: [],
    failedAttempts: [],
    attempts: 0,
    route: undefined,
    model: undefined,
    baselineModel: baselineModel(requestedModel, dependencies),
  }
}
