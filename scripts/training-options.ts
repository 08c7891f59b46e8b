/**
 * The options that all training commands share: which rows train, which measure. Trains nothing.
 */
import { join, relative } from 'node:path'
import type { ParseArgsConfig } from 'node:util'

const REPOSITORY = join(import.meta.dirname, '..')
const REQUESTS = join(REPOSITORY, 'training/requests')
/** The project's own rows for who counts words, as the edge's classifier does. */
export const ROWS_BY_THEMSELVES = [REQUESTS]
/** For who reads: with rows that only their conversation tells apart, of which counted words would learn the wrong things. */
export const ROWS_IN_CONTEXT = [REQUESTS, join(REPOSITORY, 'training/requests-in-context')]

/** How the options are explained, in the form of `--help`. */
export const ROWS_USAGE = `  --rows       a folder or file of rows, in the place of the project's own; may be repeated
  --add        more rows; those that say the same as others are left out; may be repeated
  --validate   rows that train nothing, to measure on; may be repeated`

/** For `parseArgs`. */
export const ROWS_OPTIONS = {
  add: { type: 'string', multiple: true, default: [] as string[] },
  validate: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options']

/** Returns what `parse` reads. Prints the usage and ends the process where that was asked for, or where options are wrong. */
export function readTrainingOptions<T extends { readonly help: boolean }>(usage: string, parse: () => T): T {
  let values: T
  try {
    values = parse()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
  if (!values.help) return values
  console.log(usage)
  process.exit(0)
}

/** Returns where the rows come from, as provenance says it. */
export function describeSources(rows: readonly string[]): string {
  const own = ROWS_IN_CONTEXT.filter((folder) => rows.includes(folder))
  return [
    ...own.map((folder) => `${relative(REPOSITORY, folder)} (MIT, written for this project)`),
    ...(own.length < rows.length ? ['given by the operator'] : []),
  ].join(', ')
}
