/**
 * The isolate's copy of the control state. Answers from memory and is refreshed beside requests; while the record cannot
 * be read, what was known last holds. Says that nothing is known where it never could be read: what then holds is decided
 * by those who ask (decision 58).
 */
import type { Log } from '../../shared/log.ts'
import { settledWithin } from '../fallback/deadline.ts'
import type { WaitUntil } from '../request.ts'
import type { Strategy } from '../strategy.ts'
import type { ControlRecord } from './control-record.ts'
import type { ControlChange, ControlResult, ControlState } from './control-state.ts'

export type ControlStore = {
  /** Makes sure that the record has been asked, by the isolate's first request and beside later ones. Never throws. */
  readonly load: (waitUntil: WaitUntil) => Promise<void>
  /** Returns the copy, or undefined as long as the record could not be read. */
  readonly known: () => ControlState | undefined
  /** Holds here at once, elsewhere within two seconds. @throws if it cannot be stored */
  readonly change: (change: ControlChange) => Promise<ControlResult>
}

/** After this time a copy is read again; who was told that nothing is known may then try once more. */
export const FRESH_MS = 2_000
const LONGEST_WAIT_MS = 500

/**
 * Returns a store over `record`.
 * @param configured the strategy of the settings
 * @param now milliseconds since the epoch
 */
export function createControlStore(
  record: ControlRecord,
  configured: Strategy,
  now: () => number,
  log: Log,
): ControlStore {
  let state: ControlState | undefined
  let triedAt: number | undefined
  let accepted = 0
  const accept = (next: ControlState, acceptedBefore: number) => {
    // What was asked for before the present state was accepted may come later and be older: a key that is known here to
    // be revoked would open again.
    if (accepted !== acceptedBefore && state !== undefined && next.version < state.version) return
    state = next
    accepted += 1
  }
  const refresh = async () => {
    const isFirst = state === undefined
    const acceptedBefore = accepted
    try {
      const next = await readInTime(record, state?.version)
      if (next !== undefined) accept(next, acceptedBefore)
      const strategy = state?.strategy?.strategy
      if (isFirst && strategy !== undefined && strategy !== configured)
        log('[Router] A strategy set at runtime is in force', { strategy, configured })
    } catch {
      const strategy = state?.strategy?.strategy ?? configured
      log(
        '[Router] What is set at runtime cannot be read; what was known last holds',
        { strategy, known: state !== undefined },
        'error',
      )
    }
  }
  return {
    async load(waitUntil) {
      if (triedAt === undefined) {
        await refresh()
        triedAt = now()
      } else if (Math.abs(now() - triedAt) > FRESH_MS) {
        triedAt = now()
        waitUntil(refresh())
      }
    },
    known: () => state,
    async change(change) {
      const acceptedBefore = accepted
      const result = await record.change(change)
      if ('state' in result) {
        accept(result.state, acceptedBefore)
        triedAt = now()
      }
      return result
    },
  }
}

/** Returns what was read; undefined where it is known already. @throws if the record does not answer in time */
async function readInTime(
  record: ControlRecord,
  knownVersion: number | undefined,
): Promise<ControlState | undefined> {
  const read = await settledWithin(
    record.read(knownVersion).then((state) => ({ state })),
    LONGEST_WAIT_MS,
  )
  if (read === undefined) throw new Error('timeout')
  return read.state
}
