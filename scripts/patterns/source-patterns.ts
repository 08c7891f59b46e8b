/** The regular expressions of a source: those that are written in it, and where it builds others. Judges none. */
import { parseSync, Visitor } from 'oxc-parser'

export type SourcePattern = { readonly file: string; readonly pattern: string; readonly flags: string }

export type SourcePatterns = {
  readonly written: readonly SourcePattern[]
  /** How many are built of texts, which must be run to be known. */
  readonly built: number
}

/** Returns what a TypeScript source holds. @throws {Error} where it cannot be read */
export function patternsOf(file: string, text: string): SourcePatterns {
  const { program, errors } = parseSync(file, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${file}: ${error.message}`)
  const written: SourcePattern[] = []
  let built = 0
  new Visitor({
    Literal(node) {
      if ('regex' in node) written.push({ file, pattern: node.regex.pattern, flags: node.regex.flags })
    },
    NewExpression({ callee }) {
      if (callee.type === 'Identifier' && callee.name === 'RegExp') built++
    },
    CallExpression({ callee }) {
      if (callee.type === 'Identifier' && callee.name === 'RegExp') built++
    },
  }).visit(program)
  return { written, built }
}
