/**
 * The door of what only the administrator may do. Who is asking was found out before (`middleware/auth.ts`).
 */
import { RouterError } from '../../shared/errors.ts'
import type { AppContext, AppDependencies } from './context.ts'

/**
 * Lets the administrator pass.
 * @param what begins the sentence that others read, such as "Changing the strategy"
 * @throws {RouterError} `forbidden`
 */
export function requireAdmin(
  { config }: Pick<AppDependencies, 'config'>,
  context: AppContext,
  what: string,
): void {
  if (context.get('tenant').admin) return
  const hint =
    config.adminKeys.length === 0 ? 'ADMIN_KEY is not set on this router' : 'ADMIN_KEY of this router'
  throw new RouterError('forbidden', `${what} needs the admin key (${hint}).`)
}
