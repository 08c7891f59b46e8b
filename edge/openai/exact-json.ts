/**
 * JSON that the router only carries (tool arguments, schemas): numbers keep the digits that their author wrote, also
 * where no double has them. Knows no schema. Only the Worker uses it: Node has `JSON.rawJSON` from version 21 on.
 */
import { topLevelMembers } from '../../shared/json.ts'

declare global {
  interface JSON {
    /** Returns a value that `JSON.stringify` prints as this text, which must be a primitive in JSON. */
    rawJSON(text: string): { readonly rawJSON: string }
    isRawJSON(value: unknown): value is { readonly rawJSON: string }
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown
  }
}

/**
 * Parses JSON so that `JSON.stringify` prints its numbers as they were written. A number that a double would print
 * otherwise (2512292042121000001, 1.0, 1e400) becomes an opaque object.
 * @throws {SyntaxError} if `text` is not JSON
 */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? JSON.rawJSON(source)
      : value,
  )
}

/**
 * Returns `value` with the named members of the outermost object parsed exactly.
 * @param text the JSON that `value` was parsed from
 */
export function withExactMembers(value: unknown, text: string, names: ReadonlySet<string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (!Object.keys(value).some((key) => names.has(key))) return value
  const exact = topLevelMembers(text).flatMap(({ key, start, end }) =>
    names.has(key) ? [[key, parseExact(text.slice(start, end))] as const] : [],
  )
  return { ...value, ...Object.fromEntries(exact) }
}
