/**
 * All guards in the order in which they are asked, first match wins. A new check is one entry in one of the three lists.
 */
import { CAPABILITY_GUARDS } from './capability-guards.ts'
import { CONTENT_GUARDS } from './content-guards.ts'
import type { Guard, GuardSubject } from './guard.ts'
import { TRUST_GUARDS } from './trust-guards.ts'

const GUARDS: readonly Guard[] = [...CAPABILITY_GUARDS, ...CONTENT_GUARDS, ...TRUST_GUARDS]

/** Returns the first guard that keeps the request from the local model, or undefined. */
export function findGuard(subject: GuardSubject): Guard | undefined {
  return GUARDS.find((guard) => guard.stops(subject))
}

/** Says whether what the request says needs Claude, also where a capability guard comes first. */
export function saysWhatNeedsClaude(subject: GuardSubject): boolean {
  return CONTENT_GUARDS.some((guard) => guard.stops(subject))
}
