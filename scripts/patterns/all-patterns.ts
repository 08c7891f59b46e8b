/** Every regular expression of the product's own code: written, or built when its module is loaded. Judges none. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtPatterns } from './built-patterns.ts'
import { BUILT_LATER, BUILT_WHEN_LOADED } from './known-bounds.ts'
import { patternsOf, type SourcePattern } from './source-patterns.ts'

const FOLDERS = ['edge', 'shared', 'inference', 'llm']

/** Returns them, and which files build expressions that nobody accounts for. */
export async function allPatterns(
  root: string,
): Promise<{ readonly patterns: readonly SourcePattern[]; readonly problems: readonly string[] }> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`),
  )
  const sources = files.map((file) => patternsOf(file, readFileSync(join(root, file), 'utf8')))
  const builds = files.filter((_, index) => sources[index]?.built)
  const listed = [...BUILT_WHEN_LOADED, ...Object.keys(BUILT_LATER)]
  return {
    patterns: [
      ...sources.flatMap(({ written }) => written),
      ...(await builtPatterns(root, BUILT_WHEN_LOADED)),
    ],
    problems: [
      ...builds
        .filter((file) => !listed.includes(file))
        .map((file) => `${file} builds an expression: list it in known-bounds.ts, so that it is judged`),
      ...listed
        .filter((file) => !builds.includes(file))
        .map((file) => `known-bounds.ts: ${file} builds none any more`),
    ],
  }
}
