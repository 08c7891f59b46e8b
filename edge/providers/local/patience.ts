/**
 * How long the local model is waited for where nobody else can answer. The usual limits are settings.
 */
import type { Deadlines } from '../../settings/core-settings.ts'

/** Short limits exist so that another target can take over; where there is none, patience is all that helps. */
export function patient(deadlines: Deadlines): Deadlines {
  const { headersMs, firstContentMs, idleMs } = deadlines
  return {
    ...deadlines,
    headersMs: Math.max(headersMs, idleMs),
    firstContentMs: Math.max(firstContentMs, idleMs),
  }
}
