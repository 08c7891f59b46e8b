/** The regular expressions that modules build of texts when they are loaded: known by loading them. Judges none. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SourcePattern } from './source-patterns.ts'

/** Returns what these files build. Each must be one that does nothing else when it is loaded. */
export async function builtPatterns(
  root: string,
  files: readonly string[],
): Promise<readonly SourcePattern[]> {
  const found: SourcePattern[] = []
  const original = globalThis.RegExp
  globalThis.RegExp = new Proxy(original, {
    construct(target, args: ConstructorParameters<RegExpConstructor>, newTarget) {
      const made: RegExp = Reflect.construct(target, args, newTarget)
      const stack = new Error().stack ?? ''
      const file = files.find((each) => stack.includes(pathToFileURL(join(root, each)).href))
      if (file !== undefined) found.push({ file, pattern: made.source, flags: made.flags })
      return made
    },
  })
  try {
    for (const file of files) await import(pathToFileURL(join(root, file)).href)
  } finally {
    globalThis.RegExp = original
  }
  return found
}
