/**
 * Headers that tell a client of the router's own limits: Anthropic's names, which its SDKs' users read, and
 * `x-router-budget` for limits that are near or reached. Pure.
 */
import type { LimitUse, ReservationResult } from './accounts.ts'
import { isSoftReached } from './caps.ts'
import { type EffectiveLimits, isCap } from './effective-limits.ts'

/** Returns the headers; of several limits of a kind the tightest is told. */
export function limitHeaders(
  { uses, cause }: Pick<ReservationResult, 'uses' | 'cause'>,
  limits: EffectiveLimits,
): Record<string, string> {
  const soft = uses.filter(
    (use) => isCap(use.limit) && use !== cause && isSoftReached(use, limits[use.scope] ?? {}),
  )
  const words = [
    ...(cause === undefined ? [] : [`hard: ${nameOf(cause)}`]),
    ...soft.map((use) => `soft: ${nameOf(use)} ${Math.floor((use.used / use.hard) * 100)} %`),
  ]
  return {
    ...rateHeaders('requests', tightest(uses.filter(({ limit }) => limit === 'requestsPerMinute'))),
    ...rateHeaders('tokens', tightest(uses.filter(({ limit }) => limit.startsWith('tokens')))),
    ...(words.length === 0 ? {} : { 'x-router-budget': words.join(', ') }),
  }
}

/** Returns the name of a limit as headers and reasons tell it. */
export function nameOf({ scope, limit }: Pick<LimitUse, 'scope' | 'limit'>): string {
  return scope === 'user' ? `user ${limit}` : limit
}

function rateHeaders(kind: 'requests' | 'tokens', use: LimitUse | undefined): Record<string, string> {
  if (use === undefined) return {}
  const name = `anthropic-ratelimit-${kind}`
  return {
    [`${name}-limit`]: String(use.hard),
    [`${name}-remaining`]: String(remaining(use)),
    // Whole seconds, as Anthropic's own.
    [`${name}-reset`]: `${new Date(Math.ceil(use.resetsAt / 1_000) * 1_000).toISOString().slice(0, 19)}Z`,
  }
}

function tightest(uses: readonly LimitUse[]): LimitUse | undefined {
  return uses.toSorted((one, other) => remaining(one) - remaining(other))[0]
}

function remaining({ hard, used, reserved }: LimitUse): number {
  return Math.max(0, hard - used - reserved)
}
