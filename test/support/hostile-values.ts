/**
 * Values that no schema expects, and the places of a JSON value where one can stand: for tests that put one out of place.
 */

/** Of every kind that JSON has, and names that every object has. */
export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  '\ud800',
  '\u0000',
  'constructor',
  '__proto__',
  'data:__proto__;base64,QUJD',
  '{"a":',
  'x'.repeat(5_000),
  [],
  {},
  [null],
  [[]],
  { type: 'constructor' },
  JSON.parse('{"__proto__":{"type":"text"}}'),
  { type: 'text' },
  { cache_control: null },
]

export type ValuePath = readonly string[]

/** Returns the paths of a value and of everything in it. */
export function pathsOf(value: unknown, path: ValuePath = []): ValuePath[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]))]
}

/** Returns a copy with `other` at the path. */
export function withValueAt(value: unknown, [key, ...rest]: ValuePath, other: unknown): unknown {
  if (key === undefined) return other
  if (Array.isArray(value))
    return value.map((each, at) => (at === Number(key) ? withValueAt(each, rest, other) : each))
  if (typeof value !== 'object' || value === null) return other
  return { ...value, [key]: withValueAt(Reflect.get(value, key), rest, other) }
}
