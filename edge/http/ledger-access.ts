/**
 * Who may see which part of the ledger, and what is said where it cannot be read. Knows no endpoint.
 */
import { causeName, RouterError } from '../../shared/errors.ts'
import type { Ledger, Scope } from '../ledger/ledger.ts'
import type { AppContext, AppDependencies } from './context.ts'

/** @throws {RouterError} `configuration` where no receipts are kept */
export function ledgerOf({ ledger }: Pick<AppDependencies, 'ledger'>): Ledger {
  if (ledger !== undefined) return ledger
  throw new RouterError('configuration', 'This router keeps no receipts: it has nowhere to keep them.')
}

/**
 * Returns whose receipts are shown: a tenant's own; to the administrator everybody's, or one tenant's.
 * @param wanted the tenant that the query names
 * @throws {RouterError} `forbidden` for another tenant's
 */
export function scopeOf(context: AppContext, wanted: string | undefined): Scope {
  const { id, admin } = context.get('tenant')
  if (admin) return { tenant: wanted }
  if (wanted !== undefined && wanted !== id)
    throw new RouterError('forbidden', 'Only the administrator sees other tenants. Leave out tenant.')
  return { tenant: id }
}

/** Runs a query of the ledger. @throws {RouterError} `unavailable` where it fails otherwise than by what was asked */
export async function reading<T>(
  { log }: Pick<AppDependencies, 'log'>,
  context: AppContext,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof RouterError && cause.code !== 'internal') throw cause
    const fields = { requestId: context.get('requestId'), name: causeName(cause) }
    log('[Router] The ledger cannot be read', fields, 'error')
    throw new RouterError('unavailable', 'The ledger cannot be read at the moment. Try again.', { cause })
  }
}
