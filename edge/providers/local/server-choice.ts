/**
 * Which of several local servers a request is sent to. Reads their health; asks none of them.
 */
import { RouterError } from '../../../shared/errors.ts'
import type { RouterRequest } from '../../request.ts'
import type { LocalHealth } from './health.ts'

/**
 * Returns a choice among servers: the least expected wait, and of those that expect the same (servers of other makes
 * say nothing of it) the one that was asked longest ago.
 * @throws {RouterError} the choice throws a server's reason if none may be asked
 */
export function createServerChoice(
  servers: readonly LocalHealth[],
): (request: RouterRequest, isLast: boolean) => LocalHealth {
  const turns = new Map<LocalHealth, number>()
  let turn = 0
  return (request, isLast) => {
    const reasons = servers.map((server) => server.unavailableReason(request.waitUntil, isLast))
    const open = servers.filter((_, index) => reasons[index] === undefined)
    open.sort(
      (left, right) =>
        left.expectedWaitMs() - right.expectedWaitMs() || (turns.get(left) ?? 0) - (turns.get(right) ?? 0),
    )
    const best = open[0]
    if (best === undefined)
      throw (
        reasons.find((error) => error !== undefined) ??
        new RouterError('unavailable', 'No local model is configured.')
      )
    turns.set(best, ++turn)
    return best
  }
}
