/** Values that are made when they are first needed: a schema that few requests meet is no part of the start. */

/** Returns what gives the value; it is made once. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
