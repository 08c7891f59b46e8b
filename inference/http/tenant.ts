/** Who asks, as the router tells: whose share of the model it is, and whose prompts may be remembered together. */
import { RouterError } from '../../shared/errors.ts'
import type { AppContext } from './context.ts'

/** Who asks where nobody says so: the one client of a container that serves no router. */
const DEFAULT_TENANT = 'default'

/**
 * Returns the router's short name of who asks; only those who know the secret, or are on this machine, get so far.
 * @throws {RouterError} `invalid_request` for a name that is none
 */
export function readTenant(c: AppContext): string {
  const value = c.req.header('x-router-tenant')
  if (value === undefined) return DEFAULT_TENANT
  if (/^[\w.-]{1,64}$/.test(value)) return value
  throw new RouterError(
    'invalid_request',
    'x-router-tenant: must be 1 to 64 letters, digits, "_", "." or "-"',
  )
}
