/**
 * Collects what a client sent that a translation has no place for, so that it can be told. Which fields are known is
 * each format's affair.
 */

/** Names come from the client and go into a header. */
const MOST_NAMES = 32
const UNPRINTABLE = /[^\w.[\]-]/g
const LONGEST_NAME = 60

export type UnknownFields = {
  /** Notes the fields of `value` that are not known. `prefix` says where it stands: `messages[].`. */
  readonly look: (value: object, known: ReadonlySet<string>, prefix: string) => void
  /** At most 32, each once, in characters that a header may hold. Empty values ask for nothing and are left out. */
  readonly found: () => string[]
}

/** Returns an empty collection. */
export function createUnknownFields(): UnknownFields {
  const found = new Set<string>()
  return {
    look(value, known, prefix) {
      for (const [name, field] of Object.entries(value)) {
        if (found.size >= MOST_NAMES) return
        if (!known.has(name) && !asksForNothing(field))
          found.add(prefix + name.slice(0, LONGEST_NAME).replaceAll(UNPRINTABLE, '?'))
      }
    },
    found: () => [...found],
  }
}

function asksForNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
