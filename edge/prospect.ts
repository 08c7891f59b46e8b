/**
 * Looks, before anybody is asked, who of a plan's targets can be asked at this moment, what the cache holds, and what may
 * have to be paid for. Asks no model.
 */
import type { RouterError } from '../shared/errors.ts'
import type { CacheEntry } from './cache/cache.ts'
import type { SafeCache } from './cache/safe-cache.ts'
import type { Passage } from './passage.ts'
import type { Plan } from './planner.ts'
import type { LocalPool } from './providers/local/pool.ts'
import { wantsStream } from './request.ts'
import type { Target } from './target.ts'

export type Prospect = {
  readonly targets: readonly Target[]
  /** Whether the caller could be answered by a target, if it is not down. */
  readonly isUsable: (target: Target) => boolean
  /** Why the local model cannot be asked. */
  readonly known: RouterError | undefined
  /** The answer, where the cache has it. */
  readonly entry: CacheEntry | undefined
}

export type LookUpDependencies = {
  readonly local: LocalPool | undefined
  readonly cache: Pick<SafeCache, 'read'>
}

/** Returns what looks. */
export function createLookUp({
  local,
  cache,
}: LookUpDependencies): (passage: Pick<Passage, 'request' | 'plan' | 'mayCache'>) => Promise<Prospect> {
  return async ({ request, plan, mayCache }) => {
    const { decision } = plan
    const isUsable = usableBy(plan)
    // Asking may wake the server, which a request that is not for it must not do.
    const forLocal = decision.targets.some((target) => target.provider === 'local')
    const isLast = !decision.targets.some((target) => target.provider !== 'local' && isUsable(target))
    const known = forLocal ? local?.unavailableReason(request.waitUntil, isLast) : undefined
    const verifies = !wantsStream(request) && local?.model()?.verifies?.includes(decision.task)
    const targets = decision.targets.map((target, index) => {
      const mayHandOver = decision.targets.slice(index + 1).some(isUsable)
      const verified = verifies === true && mayHandOver && target.provider === 'local'
      return { ...target, mayHandOver, verified }
    })
    const firstOpen = targets.find((target) => target.provider !== 'local' || known === undefined)
    const isRead = mayCache && firstOpen !== undefined && request.controls.cache === 'use'
    const entry = isRead ? await cache.read(request, firstOpen) : undefined
    return { targets, isUsable, known, entry }
  }
}

function usableBy({ canAskClaude }: Pick<Plan, 'canAskClaude'>): Prospect['isUsable'] {
  return ({ provider }) => provider === 'local' || canAskClaude
}

/** Returns every target that may have to be paid for where the cache has no answer. */
export function payableTargets(plan: Pick<Plan, 'decision' | 'canAskClaude'>): readonly Target[] {
  const { decision } = plan
  const usable = decision.targets.filter(usableBy(plan))
  const isJudged = usable.some(({ judgeThreshold }) => judgeThreshold !== undefined)
  return isJudged ? [...usable, { provider: 'claude', model: decision.complexModel }] : usable
}
