/**
 * Who is next: tenants share the model by the tokens that their requests reserve, within a tenant first come, first served.
 * Fair queueing by virtual time: each request has a tag, the lowest tag is next. A newcomer's tag is never below the
 * virtual time, which grows with everyone that is served, so that nobody is overtaken for ever.
 */

export type Queued = {
  readonly tenant: string
  /** Tokens; more than 0. */
  readonly cost: number
}

export type FairQueue<T extends Queued> = {
  readonly size: () => number
  readonly add: (entry: T) => void
  /** Takes out one that is not served. */
  readonly remove: (entry: T) => void
  /** Takes out one that is served, and counts its cost against its tenant. */
  readonly take: (entry: T) => void
  /** All that wait, the next one first. */
  readonly order: () => readonly T[]
  /** The newest of the tenant that waits with the most; of equals, of the one that came last. */
  readonly mostCrowded: () => T | undefined
  /** Says whether one more of this tenant would be just that one, with others of its own before it. */
  readonly wouldCrowd: (tenant: string) => boolean
  /** Says whether nobody else waits, so that one more of this tenant would be the last. */
  readonly isAlone: (tenant: string) => boolean
}

type Place<T> = { readonly entry: T; readonly arrival: number }

/** Returns an empty queue. */
export function createFairQueue<T extends Queued>(): FairQueue<T> {
  const waiting = new Map<string, Place<T>[]>()
  /** Tag of each tenant's next request, where it is above the virtual time or the tenant waits. */
  const tags = new Map<string, number>()
  let virtualTime = 0
  let arrivals = 0

  const leave = (entry: T) => {
    const left = (waiting.get(entry.tenant) ?? []).filter((place) => place.entry !== entry)
    if (left.length > 0) waiting.set(entry.tenant, left)
    else waiting.delete(entry.tenant)
    for (const [tenant, tag] of tags) if (tag <= virtualTime && !waiting.has(tenant)) tags.delete(tenant)
  }

  return {
    size: () => [...waiting.values()].reduce((sum, places) => sum + places.length, 0),
    add(entry) {
      const { tenant } = entry
      const before = waiting.get(tenant)
      if (before === undefined) tags.set(tenant, Math.max(tags.get(tenant) ?? 0, virtualTime))
      waiting.set(tenant, [...(before ?? []), { entry, arrival: arrivals++ }])
    },
    remove: leave,
    take(entry) {
      const { tenant, cost } = entry
      virtualTime += cost / waiting.size
      tags.set(tenant, (tags.get(tenant) ?? 0) + cost)
      leave(entry)
    },
    order() {
      const tagged = [...waiting].flatMap(([tenant, places]) => {
        let tag = tags.get(tenant) ?? 0
        return places.map((place) => {
          const own = tag
          tag += place.entry.cost
          return { ...place, tag: own }
        })
      })
      tagged.sort((left, right) => left.tag - right.tag || left.arrival - right.arrival)
      return tagged.map(({ entry }) => entry)
    },
    mostCrowded() {
      let found: Place<T>[] = []
      for (const places of waiting.values()) {
        const [newest, best] = [places.at(-1)?.arrival ?? 0, found.at(-1)?.arrival ?? 0]
        if (places.length > found.length || (places.length === found.length && newest > best)) found = places
      }
      return found.at(-1)?.entry
    },
    isAlone: (tenant) => [...waiting.keys()].every((each) => each === tenant),
    wouldCrowd(tenant) {
      const own = waiting.get(tenant)?.length ?? 0
      return own > 0 && [...waiting.values()].every((places) => places.length <= own + 1)
    },
  }
}
