/**
 * The kinds of value that settings have: each a schema over an optional text, with a message that completes
 * "NAME …". Knows no setting by name.
 */
import * as z from 'zod/mini'
import { isHeaderValue } from '../../shared/header-value.ts'
import type { ThresholdSetting } from '../routing/thresholds.ts'
import { CREDENTIAL_HEADER, HEADER_NAME } from './header-name.ts'

/** Any text. */
export const text = z.optional(z.string())

/** A secret, or what else goes into a request header. Never quoted in a message. */
export const headerText = z.optional(
  z.string().check(
    z.refine(isHeaderValue, {
      error: 'holds a line break or a character outside ASCII, which no header can carry. Paste it again',
    }),
  ),
)

/** The name of a header that is no credential, in lower case. */
export const headerName = z.pipe(
  z.pipe(
    text,
    z.transform((value: string | undefined) => value?.toLowerCase()),
  ),
  z.optional(
    z.string().check(
      z.refine((name) => HEADER_NAME.test(name), { error: 'is no name of a header' }),
      z.refine((name) => !CREDENTIAL_HEADER.test(name), {
        error: 'may be a credential, which is never kept. Name another header',
      }),
    ),
  ),
)

/** An amount of money, or 0. */
export const dollars = z.pipe(
  z.optional(
    z
      .string()
      .check(z.regex(/^\d{1,7}(\.\d{1,9})?$/, { error: 'must be an amount of USD such as 25 or 7.50' })),
  ),
  z.transform((value: string | undefined) => Number(value ?? 0)),
)

/** `true` or `false`; unset is false. */
export const boolean = z.pipe(
  z.optional(z.enum(['true', 'false'], { error: 'must be true or false' })),
  z.transform((value) => value === 'true'),
)

/** A whole number between two bounds, or `fallback`. One step, not a chain of schemas: most settings are numbers. */
export function wholeNumber(fallback: number, minimum: number, maximum: number) {
  return z.pipe(
    text,
    z.transform((value, context): number => {
      if (value === undefined) return fallback
      const number = Number(value)
      if (/^\d{1,12}$/.test(value) && number >= minimum && number <= maximum) return number
      const message = `must be a whole number from ${minimum} to ${maximum}`
      context.issues.push({ code: 'custom', message, input: value })
      return z.NEVER
    }),
  )
}

/** A time limit, at most an hour. */
export function milliseconds(fallback: number) {
  return wholeNumber(fallback, 1, 3_600_000)
}

const THRESHOLD = /^(0(\.\d+)?|1(\.0+)?|\.\d+|recall:(\d{1,2}(\.\d+)?|100))$/

/** A score from 0 to 1 or `recall:97`, a share in percent; or `fallback`. */
export function threshold(fallback: ThresholdSetting) {
  const error = 'must be a score from 0 to 1, or a share in percent such as recall:97'
  return z.pipe(
    z.optional(z.string().check(z.regex(THRESHOLD, { error }))),
    z.transform((value: string | undefined) => (value === undefined ? fallback : readThreshold(value))),
  )
}

/** The same, or `off`, which is undefined. */
export function judgeThreshold(fallback: ThresholdSetting) {
  const error = 'must be a score from 0 to 1, a share in percent such as recall:97, or off'
  return z.pipe(
    z.optional(z.string().check(z.refine((value) => value === 'off' || THRESHOLD.test(value), { error }))),
    z.transform((value: string | undefined): ThresholdSetting | undefined => {
      if (value === undefined) return fallback
      return value === 'off' ? undefined : readThreshold(value)
    }),
  )
}

const OWN_THRESHOLD = /^(0(\.\d+)?|1(\.0+)?|\.\d+|default|off)$/

/** A probability from 0 to 1 as the container's header takes it, or `default`, which unset is as well; `off` is undefined. */
export const ownThreshold = z.pipe(
  z.optional(
    z.string().check(z.regex(OWN_THRESHOLD, { error: 'must be a probability from 0 to 1, default, or off' })),
  ),
  z.transform((value = 'default') => (value === 'off' ? undefined : value)),
)

function readThreshold(value: string): ThresholdSetting {
  return value.startsWith('recall:')
    ? { recall: Number(value.slice('recall:'.length)) }
    : { score: Number(value) }
}

/** Texts separated by commas, or `fallback`. */
export function list(fallback: readonly string[]) {
  return z.pipe(
    text,
    z.transform((value) => (value === undefined ? fallback : splitList(value))),
  )
}

/** One of some names, or `fallback`. */
export function choice<const T extends readonly string[]>(values: T, fallback: T[number]) {
  return z.pipe(
    oneOf(values),
    z.transform((value): T[number] => value ?? fallback),
  )
}

/** One of some names, or unset. */
export function oneOf<const T extends readonly string[]>(values: T) {
  return z.optional(z.enum(values, { error: `must be one of ${values.join(', ')}` }))
}

/** Some of some names, `auto`, or unset, which is `auto`. */
export function choices<const T extends readonly string[]>(values: T) {
  return z.pipe(
    text,
    z.transform((value, context): 'auto' | readonly T[number][] => {
      if (value === undefined || value === 'auto') return 'auto'
      const names = splitList(value)
      const found = values.filter((name) => names.includes(name))
      if (found.length === names.length && names.length > 0) return found
      const message = `must be auto, or some of ${values.join(', ')} separated by commas`
      context.issues.push({ code: 'custom', message, input: value })
      return z.NEVER
    }),
  )
}

/** Settings as far as they can be read, and what is wrong with the rest. */
export type ParsedSettings<T> = { readonly settings: T; readonly problems: readonly string[] }

/**
 * Reads the settings that `schema` names out of an environment; empty values count as unset. A malformed one becomes a
 * problem and counts as unset as well, so that what else is wrong can be said at the same time.
 */
export function parseSettings<T extends z.ZodMiniObject>(
  schema: T,
  env: Readonly<Record<string, unknown>>,
): ParsedSettings<z.infer<T>> {
  const names = Object.keys(schema.shape)
  const given = pickSettings(env, names)
  const shaped = names
    .filter((name) => typeof env[name] === 'object' && env[name] !== null)
    .map((name) => `${name} must be one text, not a list or a table: separate several values by commas`)
  const first = schema.safeParse(given)
  if (first.success) return { settings: first.data, problems: shaped }
  for (const { path } of first.error.issues) delete given[String(path[0])]
  const problems = first.error.issues.map(({ path, message }) => `${path.map(String).join('.')} ${message}`)
  return { settings: schema.parse(given), problems: [...shaped, ...problems] }
}

function pickSettings(
  env: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, string> {
  const given: Record<string, string> = {}
  for (const name of names) {
    const value = env[name]
    if (typeof value === 'string' && value.trim() !== '') given[name] = value.trim()
    else if (typeof value === 'number' || typeof value === 'boolean') given[name] = String(value)
  }
  return given
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
