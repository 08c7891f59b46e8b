/**
 * The events of an answer on their way out: as they come, or held back until the whole answer is verified. An answer that grows too
 * long to be waited for is released as it is. Knows no engine and no measure.
 */
import type { KnownEvent } from '../../shared/events.ts'

/** Longer answers are told as they come: they are worth more waiting than a short one's whole, and rarely measured. Tokens. */
export const LONGEST_VERIFIED = 64

export type HeldAnswer = {
  /** Tells the event, now or with all others. */
  readonly push: (event: KnownEvent) => void
  /** Tells how many tokens the answer has so far. */
  readonly wrote: (tokens: number) => void
  /** Whether the events are held. */
  readonly isHeld: () => boolean
  /** Tells all that was held, and what follows as it comes; a second call does nothing. */
  readonly release: () => void
}

/**
 * Returns the way out of one answer.
 * @param hold whether it is held at all
 * @param push takes what is told
 * @param onTooLong told once, before an answer that has grown too long is released
 */
export function createHeldAnswer(
  hold: boolean,
  push: (event: KnownEvent) => void,
  onTooLong: () => void,
): HeldAnswer {
  let held: KnownEvent[] | undefined = hold ? [] : undefined
  const release = () => {
    const events = held ?? []
    held = undefined
    for (const event of events) push(event)
  }
  return {
    push(event) {
      if (held) held.push(event)
      else push(event)
    },
    wrote(tokens) {
      if (held === undefined || tokens <= LONGEST_VERIFIED) return
      onTooLong()
      release()
    },
    isHeld: () => held !== undefined,
    release,
  }
}
