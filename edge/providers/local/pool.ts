/**
 * The local servers as one: what model they have and whether any of them may be asked. Choosing one for a request
 * is the provider's (`server-choice.ts`).
 */

import type { RouterError } from '../../../shared/errors.ts'
import type { WaitUntil } from '../../request.ts'
import type { LocalHealth, LocalState } from './health.ts'
import type { LocalModel } from './readiness.ts'

export type LocalPool = {
  readonly model: () => LocalModel | undefined
  /** The model's name as far as it is known: the server's word, else the operator's. */
  readonly modelName: () => string | undefined
  readonly refresh: (waitUntil: WaitUntil) => Promise<void>
  /** Why no server may be asked now, or undefined where one may. `isLast`: nobody else could answer. */
  readonly unavailableReason: (waitUntil: WaitUntil, isLast: boolean) => RouterError | undefined
  readonly describe: () => readonly {
    readonly state: LocalState
    readonly expectedWaitMs: number
    readonly model: string | undefined
  }[]
}

/** Returns the pool over one or more servers, all with the same model. */
export function createLocalPool(
  servers: readonly LocalHealth[],
  configuredModel: string | undefined,
): LocalPool {
  const known = () => servers.map((server) => server.model()).find((model) => model !== undefined)
  return {
    model: known,
    modelName: () => configuredModel ?? known()?.name,
    async refresh(waitUntil) {
      await Promise.all(servers.map((server) => server.refresh(waitUntil)))
    },
    unavailableReason(waitUntil, isLast) {
      const reasons = servers.map((server) => server.unavailableReason(waitUntil, isLast))
      return reasons.includes(undefined) ? undefined : reasons[0]
    },
    describe: () =>
      servers.map((server) => ({
        state: server.state(),
        expectedWaitMs: server.expectedWaitMs(),
        model: configuredModel ?? server.model()?.name,
      })),
  }
}
