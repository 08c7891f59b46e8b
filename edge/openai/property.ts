/** Reads one member of a value whose shape nobody has checked. */

/** Returns the member, or undefined where there is none. */
export function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
