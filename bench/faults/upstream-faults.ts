/**
 * How an upstream misbehaves under load, by a seeded die: which request meets which fault. Pure; the process that plays them is
 * `faulty-upstream-process.ts`.
 */
import { seededRandom } from '../../inference/engine/text/sampler.ts'

/** What befalls a request. `cut` and `stall` come after the first words, all others before anything. */
export const FAULTS = ['reset', 'silence', 'status', 'page', 'cut', 'stall'] as const
export type Fault = (typeof FAULTS)[number]

/** Returns what the next request meets: a fault in `share` of them, else undefined. */
export function faultDie(share: number, seed: number): () => Fault | undefined {
  const random = seededRandom(seed)
  return () => {
    const meets = random() < share
    const kind = FAULTS[Math.floor(random() * FAULTS.length)]
    return meets ? kind : undefined
  }
}
