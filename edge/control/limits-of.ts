/**
 * Which limits hold for a tenant: those set at runtime before those of the settings, its own before those of all (`*`).
 * Counts nothing and enforces nothing.
 */
import type { TenantLimits } from '../budgets/limits.ts'
import type { ControlStore } from './control-store.ts'

/** The name under which limits stand that hold for every tenant without its own. */
export const EVERY_TENANT = '*'
/** Its requests are the operator's own: a limit for everybody is not meant for it. */
const ADMINISTRATOR = 'admin'

export type LimitsInForce = {
  readonly limits: TenantLimits
  /** Where they were set. */
  readonly source: 'runtime' | 'settings'
  /** Under which name: the tenant's, or `*`. */
  readonly setFor: string
}

/** Returns the limits of a tenant, from what is known at this moment; undefined where none are set. */
export type FindLimits = (tenant: string) => LimitsInForce | undefined

/** @param configured those of the settings, by tenant */
export function createFindLimits(
  known: ControlStore['known'],
  configured: ReadonlyMap<string, TenantLimits>,
): FindLimits {
  const setFor = (name: string): LimitsInForce | undefined => {
    const atRuntime = known()?.limits.get(name)
    if (atRuntime !== undefined) return { limits: atRuntime, source: 'runtime', setFor: name }
    const limits = configured.get(name)
    return limits && { limits, source: 'settings', setFor: name }
  }
  return (tenant) => setFor(tenant) ?? (tenant === ADMINISTRATOR ? undefined : setFor(EVERY_TENANT))
}
