/**
 * The control record that lives in the Durable Object, as isolates reach it: one call for a read, one for a change.
 */
import type { ControlRecord } from '../control/control-record.ts'
import type { Strategy } from '../strategy.ts'
import type { RouterState } from './router-state.ts'

/** Returns the record; there is one for the whole deployment unless another name is given. */
export function createDurableControlRecord(
  namespace: DurableObjectNamespace<RouterState>,
  configured: Strategy,
  name = 'router',
): ControlRecord {
  const stub = () => namespace.getByName(name)
  return {
    read: async (knownVersion) => await stub().readControl(configured, knownVersion),
    change: async (change) => await stub().changeControl(change),
  }
}
