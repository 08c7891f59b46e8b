/**
 * Reads query strings strictly: a parameter that is unknown, empty or given twice is an error, because a filter that is
 * silently left out shows what nobody asked for.
 */
import { RouterError } from '../../shared/errors.ts'

const LONGEST_VALUE = 512

/**
 * Returns the values by name; what is not given is undefined.
 * @throws {RouterError} `invalid_request` that names the parameter
 */
export function readQuery<const Name extends string>(
  url: string,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {}
  for (const [given, value] of new URL(url).searchParams) {
    const name = names.find((known) => known === given)
    const quoted = JSON.stringify(given.slice(0, 60))
    if (name === undefined) throw wrong(`There is no parameter ${quoted}. Possible: ${names.join(', ')}.`)
    if (found[name] !== undefined) throw wrong(`${name} is given twice. Give it once.`)
    if (value.trim() === '') throw wrong(`${name} is empty. Give it a value or leave it out.`)
    if (value.length > LONGEST_VALUE) throw wrong(`${name} is longer than ${LONGEST_VALUE} characters.`)
    found[name] = value.trim()
  }
  return found
}

/** Returns the value as one of these. @throws {RouterError} `invalid_request` that lists them */
export function oneOf<const Value extends string>(
  name: string,
  value: string | undefined,
  values: readonly Value[],
): Value | undefined {
  if (value === undefined) return undefined
  const known = values.find((each) => each === value)
  if (known === undefined) throw wrong(`${name} must be one of ${values.join(', ')}.`)
  return known
}

/** Returns a whole number within bounds. @throws {RouterError} `invalid_request` that says them */
export function wholeNumber(
  name: string,
  value: string | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (value === undefined) return undefined
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= least && number <= most))
    throw wrong(`${name} must be a whole number from ${least} to ${most}.`)
  return number
}

/** Returns the error of a request that is not understood. */
export function wrong(message: string): RouterError {
  return new RouterError('invalid_request', message)
}
