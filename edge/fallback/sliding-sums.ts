/**
 * Sums over the last minutes, hours or days, in slots so that they take the same memory whatever is counted. What left a
 * window is never counted too early: a slot stays until the last moment that it stands for is older than the window. Pure
 * but for the injected clock.
 */

/** What is added up. */
export type Sums = {
  /** Requests of which a share may be taken. */
  readonly requests: number
  /** Those that were taken. */
  readonly taken: number
  /** What they cost or are expected to, nano-dollars. */
  readonly nanoUsd: number
}

export type SlidingSums = {
  readonly sums: () => Sums
  /** Adds to what is counted now; `id` names what may be corrected later. */
  readonly add: (amount: Partial<Sums>, id?: string) => void
  /** Puts the amount of money in the place of what was added under this id, once, while that is still counted. */
  readonly correct: (id: string, nanoUsd: number) => void
  /** Returns how long it takes until the sums are as `isEnough` wants them if nothing is added, ms; 0 now. */
  readonly waitMs: (isEnough: (sums: Sums) => boolean) => number
}

type Slot = Sums & { readonly at: number; readonly open: Map<string, number> }

const SLOTS = 60
const NONE: Sums = { requests: 0, taken: 0, nanoUsd: 0 }

/** Returns sums of nothing yet. */
export function createSlidingSums(windowMs: number, now: () => number): SlidingSums {
  const slotMs = windowMs / SLOTS
  /** The oldest first. */
  let slots: Slot[] = []
  const leavesAt = ({ at }: Slot) => (at + 1) * slotMs + windowMs
  const present = () => {
    slots = slots.filter((slot) => leavesAt(slot) > now())
    return slots
  }
  return {
    sums: () => present().reduce<Sums>(plus, NONE),
    add(amount, id) {
      const last = present().at(-1)
      // A clock may be set back: what is counted goes on from where it was.
      const at = Math.max(last?.at ?? Number.NEGATIVE_INFINITY, Math.floor(now() / slotMs))
      const slot = last?.at === at ? last : { ...NONE, at, open: new Map<string, number>() }
      if (id !== undefined) slot.open.set(id, amount.nanoUsd ?? 0)
      const added = { ...plus(slot, { ...NONE, ...amount }), at, open: slot.open }
      slots = last?.at === at ? [...slots.slice(0, -1), added] : [...slots, added]
    },
    correct(id, nanoUsd) {
      slots = present().map((slot) => {
        const expected = slot.open.get(id)
        if (expected === undefined) return slot
        slot.open.delete(id)
        return { ...slot, nanoUsd: Math.max(0, slot.nanoUsd + nanoUsd - expected) }
      })
    },
    waitMs(isEnough) {
      const counted = present()
      if (isEnough(counted.reduce<Sums>(plus, NONE))) return 0
      for (const [index, slot] of counted.entries())
        if (isEnough(counted.slice(index + 1).reduce<Sums>(plus, NONE))) return leavesAt(slot) - now()
      return Number.POSITIVE_INFINITY
    },
  }
}

function plus(one: Sums, other: Sums): Sums {
  return {
    requests: one.requests + other.requests,
    taken: one.taken + other.taken,
    nanoUsd: one.nanoUsd + other.nanoUsd,
  }
}
