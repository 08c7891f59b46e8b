/**
 * Where the control state is kept: the port, and the keeper that every implementation is made of. The keeper holds the
 * state in memory, so that isolates which ask every two seconds cost no reads; what it is stored in comes in from outside.
 */
import type { Strategy } from '../strategy.ts'
import {
  applyChange,
  type ControlChange,
  type ControlResult,
  type ControlState,
  EMPTY_CONTROL_STATE,
  underConfigured,
} from './control-state.ts'

export type ControlRecord = {
  /** Returns the state, or undefined where it is the version known already. @throws if it cannot be read */
  readonly read: (knownVersion: number | undefined) => Promise<ControlState | undefined>
  /** Makes one change, whole or not at all. @throws if it cannot be stored */
  readonly change: (change: ControlChange) => Promise<ControlResult>
}

export type ControlStorage = {
  /** @throws where something stored is not what it should be: nobody is let in by half a state */
  readonly load: () => Promise<ControlState>
  /** Stores what differs, whole or not at all. */
  readonly save: (before: ControlState, after: ControlState) => Promise<void>
}

export type ControlKeeper = {
  /** @param configured the strategy of the reader's settings: one set under another is over, also when that returns */
  readonly read: (configured: Strategy, knownVersion: number | undefined) => Promise<ControlState | undefined>
  readonly change: ControlRecord['change']
}

/** Returns the keeper over a storage that nobody else writes. */
export function createControlKeeper(storage: ControlStorage): ControlKeeper {
  let held: ControlState | undefined
  const load = async () => {
    held ??= await storage.load()
    return held
  }
  const save = async (before: ControlState, after: ControlState) => {
    try {
      await storage.save(before, after)
      held = after
    } catch (error) {
      // What is stored is what holds: it is read anew.
      held = undefined
      throw error
    }
  }
  let last: Promise<unknown> = Promise.resolve()
  /** One after the other: a change is made of the state behind the one before. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
  return {
    read: (configured, knownVersion) =>
      inTurn(async () => {
        const before = await load()
        const state = underConfigured(before, configured)
        if (state !== before) await save(before, state)
        return state.version === knownVersion ? undefined : state
      }),
    change: (change) =>
      inTurn(async () => {
        const before = await load()
        const result = applyChange(before, change)
        if ('state' in result) await save(before, result.state)
        return result
      }),
  }
}

/** Returns a record for one process. */
export function createMemoryControlRecord(configured: Strategy): ControlRecord {
  const keeper = createControlKeeper({ load: async () => EMPTY_CONTROL_STATE, save: async () => {} })
  return { read: (knownVersion) => keeper.read(configured, knownVersion), change: keeper.change }
}
