/**
 * Faults of package-lock.json that npm does not report until somebody else installs: hosts of a private registry,
 * packages without a checksum, binaries of other platforms that were left out. Pure; reads no file.
 */
import * as z from 'zod/mini'

const names = z.optional(z.record(z.string(), z.string()))

const lockfileSchema = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      resolved: z.optional(z.string()),
      integrity: z.optional(z.string()),
      link: z.optional(z.boolean()),
      optionalDependencies: names,
    }),
  ),
})

/**
 * Lists the faults of a lockfile, none where it is fit for everybody.
 * @param text package-lock.json, version 2 or 3
 * @throws {Error} for a text that is no such lockfile
 */
export function lockfileProblems(text: string): string[] {
  const { packages } = lockfileSchema.parse(JSON.parse(text))
  const installed = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1) ?? path))
  return Object.entries(packages).flatMap(([path, entry]) => {
    const problems: string[] = []
    if (entry.resolved !== undefined)
      problems.push(
        `${path} names where it was downloaded from. Run npm install with this repository's .npmrc.`,
      )
    if (path !== '' && entry.integrity === undefined && entry.link !== true)
      problems.push(`${path} has no checksum. Remove it from package-lock.json and run npm install.`)
    for (const name of Object.keys(entry.optionalDependencies ?? {}))
      if (!installed.has(name))
        problems.push(
          `${path || 'package.json'} wants ${name}, which is missing: other platforms could not install. ` +
            'Pin a version whose packages are all published.',
        )
    return problems
  })
}
