/**
 * What is set at runtime and holds for the whole deployment, and the changes that it knows. Pure: where it is kept is the
 * record's affair, who may change it that of the endpoints.
 */
import type { TenantLimits } from '../budgets/limits.ts'
import type { Strategy } from '../strategy.ts'
import type { RuntimeKey } from './runtime-key.ts'

export type ControlState = {
  /** Grows with each change, so that of two states the newer one is known. */
  readonly version: number
  /** The strategy set at runtime, and the one of the settings under which it was set. */
  readonly strategy: { readonly strategy: Strategy; readonly configured: Strategy } | undefined
  /** By id. */
  readonly keys: ReadonlyMap<string, RuntimeKey>
  /** By tenant; `*` stands for every tenant that has none of its own. */
  readonly limits: ReadonlyMap<string, TenantLimits>
}

/** What may be changed of a key; null takes it away, what is not named stays. */
export type KeyRevision = {
  readonly strategy?: RuntimeKey['strategy'] | null
  readonly models?: RuntimeKey['models'] | null
  readonly forbid?: RuntimeKey['forbid'] | undefined
  readonly promptCache?: RuntimeKey['promptCache'] | null
  readonly expiresAt?: number | null | undefined
}

/** Times in milliseconds since the epoch. `limits` are those of the key's tenant; null takes them away. */
export type ControlChange =
  | { readonly kind: 'set_strategy'; readonly strategy: Strategy; readonly configured: Strategy }
  | { readonly kind: 'clear_strategy' }
  | { readonly kind: 'create_key'; readonly key: RuntimeKey; readonly limits?: TenantLimits | undefined }
  | {
      readonly kind: 'rotate_key'
      readonly id: string
      readonly digest: string
      readonly prefix: string
      readonly at: number
      readonly graceUntil: number
    }
  | {
      readonly kind: 'revise_key'
      readonly id: string
      readonly revision: KeyRevision
      readonly limits?: TenantLimits | null | undefined
    }
  | { readonly kind: 'revoke_key'; readonly id: string }
  | { readonly kind: 'set_limits'; readonly tenant: string; readonly limits: TenantLimits }
  | { readonly kind: 'clear_limits'; readonly tenant: string }

/** Why a change cannot be made. */
export type ControlProblem = 'no_such_key' | 'too_many_keys' | 'too_many_rotations' | 'too_many_limits'
export type ControlResult = { readonly state: ControlState } | { readonly problem: ControlProblem }

/** Every isolate holds all of it. */
export const MOST_KEYS = 1_000
export const MOST_LIMITS = 1_000
/** Each of them still opens. */
export const MOST_RETIRED = 5

export const EMPTY_CONTROL_STATE: ControlState = {
  version: 0,
  strategy: undefined,
  keys: new Map(),
  limits: new Map(),
}

/** Returns the state after a change, or why there is none. */
export function applyChange(state: ControlState, change: ControlChange): ControlResult {
  switch (change.kind) {
    case 'set_strategy': {
      const { strategy, configured } = change
      return changed(state, { strategy: { strategy, configured } })
    }
    case 'clear_strategy':
      return changed(state, { strategy: undefined })
    case 'create_key': {
      if (state.keys.size >= MOST_KEYS) return { problem: 'too_many_keys' }
      return keep(state, change.key, change.limits)
    }
    case 'rotate_key': {
      const key = state.keys.get(change.id)
      if (key === undefined) return { problem: 'no_such_key' }
      const { digest, prefix, at, graceUntil } = change
      const retired = [...key.retired, { digest: key.digest, until: graceUntil }].filter(
        ({ until }) => until > at,
      )
      if (retired.length > MOST_RETIRED) return { problem: 'too_many_rotations' }
      return keep(state, { ...key, digest, prefix, retired, rotatedAt: at })
    }
    case 'revise_key': {
      const key = state.keys.get(change.id)
      if (key === undefined) return { problem: 'no_such_key' }
      return keep(state, revise(key, change.revision), change.limits)
    }
    case 'revoke_key': {
      if (!state.keys.has(change.id)) return { problem: 'no_such_key' }
      return changed(state, { keys: without(state.keys, change.id) })
    }
    case 'set_limits':
      return withLimits(state, change.tenant, change.limits)
    case 'clear_limits':
      return withLimits(state, change.tenant, null)
  }
}

/** Returns the state for a deployment with this strategy in its settings, which is the newer word where it is another. */
export function underConfigured(state: ControlState, configured: Strategy): ControlState {
  if (state.strategy === undefined || state.strategy.configured === configured) return state
  return { ...state, strategy: undefined, version: state.version + 1 }
}

function changed(state: ControlState, parts: Partial<ControlState>): { readonly state: ControlState } {
  return { state: { ...state, ...parts, version: state.version + 1 } }
}

function keep(state: ControlState, key: RuntimeKey, limits?: TenantLimits | null): ControlResult {
  const kept = changed(state, { keys: new Map(state.keys).set(key.id, key) })
  return limits === undefined ? kept : withLimits(kept.state, key.tenant, limits)
}

function revise(
  key: RuntimeKey,
  { strategy, models, forbid, promptCache, expiresAt }: KeyRevision,
): RuntimeKey {
  return {
    ...key,
    strategy: strategy === undefined ? key.strategy : (strategy ?? undefined),
    models: models === undefined ? key.models : (models ?? undefined),
    forbid: forbid ?? key.forbid,
    promptCache: promptCache === undefined ? key.promptCache : (promptCache ?? undefined),
    expiresAt: expiresAt === undefined ? key.expiresAt : expiresAt,
  }
}

function withLimits(state: ControlState, tenant: string, limits: TenantLimits | null): ControlResult {
  if (limits === null) return changed(state, { limits: without(state.limits, tenant) })
  if (!state.limits.has(tenant) && state.limits.size >= MOST_LIMITS) return { problem: 'too_many_limits' }
  return changed(state, { limits: new Map(state.limits).set(tenant, limits) })
}

function without<T>(map: ReadonlyMap<string, T>, name: string): ReadonlyMap<string, T> {
  const rest = new Map(map)
  rest.delete(name)
  return rest
}
