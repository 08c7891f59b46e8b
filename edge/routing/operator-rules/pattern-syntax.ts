/**
 * Reads the regular expressions that rules may hold: JavaScript's, with the flags `i` and `u`, without what no automaton
 * can do (looking around, references back). Gives a tree; matches nothing.
 */

export type PatternNode =
  | { readonly kind: 'character'; readonly matches: CharacterTest }
  | { readonly kind: 'assertion'; readonly name: Assertion }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number }

export type Assertion = 'start' | 'end' | 'boundary' | 'no_boundary'

/** Tests one code point. */
export type CharacterTest = (codePoint: number) => boolean

const FLAGS = 'iu'
const LONGEST_PATTERN = 500
const ASCII = 128
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y
/** What stands for one character: an escape, a class, a literal. A pair of surrogates is one. */
const CHARACTER =
  /\\[pP]\{[^}]*\}|\\u\{[\da-f]+\}|\\u(?:d[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|[\da-f]{4})|\\x[\da-f]{2}|\\c[a-z]|\\.|\[(?:\\.|[^\]\\])*\]|./isuy
const GROUP = /\((?:\?:|\?<[^=!>][^>]*>|(?!\?))/uy

/**
 * Returns the tree of a pattern.
 * @throws {SyntaxError} that completes "the pattern …"
 */
export function parsePattern(source: string): PatternNode {
  if (source.length > LONGEST_PATTERN)
    throw new SyntaxError(`is longer than ${LONGEST_PATTERN} characters. Split it into several rules`)
  checkSyntax(source)
  let at = 0

  function choice(): PatternNode {
    const parts = [sequence()]
    while (source[at] === '|') {
      at++
      parts.push(sequence())
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts }
  }

  function sequence(): PatternNode {
    const parts: PatternNode[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated(single()))
    return { kind: 'sequence', parts }
  }

  /** Whether a quantifier is lazy changes which text matches, not whether one does. */
  function repeated(part: PatternNode): PatternNode {
    const quantifier = take(QUANTIFIER)
    if (quantifier === undefined) return part
    const [, sign, least, comma, most] = quantifier
    if (sign !== undefined)
      return {
        kind: 'repeat',
        part,
        least: sign === '+' ? 1 : 0,
        most: sign === '?' ? 1 : Number.POSITIVE_INFINITY,
      }
    const from = Number(least)
    const to = comma === undefined ? from : most === '' ? Number.POSITIVE_INFINITY : Number(most)
    return { kind: 'repeat', part, least: from, most: to }
  }

  function single(): PatternNode {
    if (source[at] === '(') return group()
    const token = take(CHARACTER)?.[0] ?? ''
    if (token === '^') return { kind: 'assertion', name: 'start' }
    if (token === '$') return { kind: 'assertion', name: 'end' }
    if (token === '\\b') return { kind: 'assertion', name: 'boundary' }
    if (token === '\\B') return { kind: 'assertion', name: 'no_boundary' }
    if (/^\\[1-9k]/.test(token))
      throw new SyntaxError(`refers back to a group (${token}), which cannot be matched in linear time`)
    return { kind: 'character', matches: characterTest(token) }
  }

  function group(): PatternNode {
    if (take(GROUP) === undefined)
      throw new SyntaxError(
        `looks around or changes flags (${source.slice(at, at + 4)}), which cannot be matched in linear time. Only (…), (?:…) and (?<name>…) are possible`,
      )
    const inner = choice()
    at++
    return inner
  }

  function take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = at
    const found = expression.exec(source)
    if (found === null) return undefined
    at = expression.lastIndex
    return found
  }

  return choice()
}

/** Returns the test of what stands for one character in a pattern: the platform's own, so that nothing differs from it. */
export function characterTest(token: string): CharacterTest {
  const expression = new RegExp(`^(?:${token})$`, FLAGS)
  const test = (codePoint: number) => expression.test(String.fromCodePoint(codePoint))
  const ascii = Array.from({ length: ASCII }, (_, codePoint) => test(codePoint))
  return (codePoint) => ascii[codePoint] ?? test(codePoint)
}

/** Whatever JavaScript itself does not take is said in its words. */
function checkSyntax(source: string): void {
  try {
    new RegExp(source, FLAGS)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new SyntaxError(`is no regular expression: ${message.split(': ').at(-1)}`)
  }
}
