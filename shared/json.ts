/**
 * Reads JSON that comes from outside: valid UTF-8 only, bounded nesting, messages that say what to change.
 * Does not know any schema.
 */
import { RouterError } from './errors.ts'

/** Deeper than any real request; far below where JSON.stringify overflows the stack (5,000 in Node). */
export const MAX_JSON_DEPTH = 64

/** Members, list items and brackets. Each parsed value costs up to a hundred times its bytes: `{}` in a list, say. */
export const MAX_JSON_VALUES = 200_000

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/**
 * Parses a request body.
 * @param bytes the body as received
 * @returns the text and the parsed value
 * @throws {RouterError} `invalid_request` for bytes that are empty, not UTF-8, not JSON or nested too deep
 */
export function parseJsonBody(
  bytes: Uint8Array,
  maxDepth = MAX_JSON_DEPTH,
): { text: string; value: unknown } {
  if (bytes.byteLength === 0)
    throw new RouterError('invalid_request', 'The request body is empty. Send a JSON object.')
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw new RouterError('invalid_request', 'The request body is not valid UTF-8. Encode it as UTF-8.')
  }
  const excess = exceededBound(text, maxDepth)
  if (excess === 'depth')
    throw new RouterError(
      'invalid_request',
      `The request body nests objects and arrays more than ${maxDepth} deep. Flatten it.`,
    )
  if (excess === 'values')
    throw new RouterError(
      'too_large',
      `The request body holds more than ${MAX_JSON_VALUES} values. Send fewer messages, blocks or list items.`,
    )
  try {
    return { text, value: JSON.parse(text) }
  } catch {
    // V8's own message quotes a piece of the body, which must reach no log: it is not kept as the cause.
    throw new RouterError(
      'invalid_request',
      'The request body is not valid JSON. Check quotes, commas and braces.',
    )
  }
}

/** Says which bound the text breaks, if one: nesting, or the number of values; one pass, no recursion. */
export function exceededBound(
  text: string,
  maxDepth: number,
  maxValues = MAX_JSON_VALUES,
): 'depth' | 'values' | undefined {
  let depth = 0
  let values = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index) - 1
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth++
      values++
      if (depth > maxDepth) return 'depth'
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
    else if (code === COMMA) values++
    if (values > maxValues) return 'values'
  }
  return undefined
}

/**
 * Lists the elements of an array, each as it stands in the text.
 * @param text JSON that `JSON.parse` accepts and whose outermost value is an array
 */
export function arrayElements(text: string): string[] {
  return arraySpans(text, 0).map(({ start, end }) => text.slice(start, end))
}

/** Where a value stands in a text. */
export type Span = { readonly start: number; readonly end: number }

/**
 * Lists where the elements of an array stand.
 * @param text JSON that `JSON.parse` accepts
 * @param from where the array begins, or the space before it
 */
export function arraySpans(text: string, from: number): Span[] {
  const spans: Span[] = []
  let index = text.indexOf('[', from) + 1
  for (;;) {
    const start = skipSpace(text, index)
    if (start >= text.length || text.charCodeAt(start) === CLOSE_BRACKET) return spans
    const end = endOfValue(text, start)
    spans.push({ start, end })
    index = skipSpace(text, end)
    if (text.charCodeAt(index) === COMMA) index++
  }
}

/** A member of the outermost object and where its value stands in the text. */
export type TopLevelMember = Span & { readonly key: string }

/**
 * Lists the members of the outermost object in order, duplicates included, with the span of each value.
 * @param text JSON that `JSON.parse` accepts and whose outermost value is an object
 */
export function topLevelMembers(text: string): TopLevelMember[] {
  const members: TopLevelMember[] = []
  let index = text.indexOf('{') + 1
  for (;;) {
    index = skipSpace(text, index)
    if (index >= text.length || text.charCodeAt(index) === CLOSE_BRACE) return members
    const keyEnd = endOfString(text, index)
    const key = stringAt(text, index, keyEnd)
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = endOfValue(text, start)
    members.push({ key, start, end })
    index = skipSpace(text, end)
    if (text.charCodeAt(index) === COMMA) index++
  }
}

function stringAt(text: string, from: number, end: number): string {
  const plain = text.slice(from + 1, end - 1)
  return plain.includes('\\') ? JSON.parse(text.slice(from, end)) : plain
}

/** Returns the JSON text without the space between its tokens; everything else, escapes and digits too, stays. */
export function minifyJson(text: string): string {
  let minified = ''
  let from = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index) - 1
    else if (isSpace(code)) {
      minified += text.slice(from, index)
      from = index + 1
    }
  }
  return from === 0 ? text : minified + text.slice(from)
}

const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const COMMA = 44
const SPACE = 32
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const TAB = 9

function skipSpace(text: string, from: number): number {
  let index = from
  while (isSpace(text.charCodeAt(index))) index++
  return index
}

function isSpace(code: number): boolean {
  return code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB
}

/**
 * Returns the index after the closing quote; the length where there is none. Quotes are looked for as the engine looks for
 * a character, many at a time: most of a request is text.
 */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1)
  while (end !== -1 && isEscaped(text, from, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end + 1
}

/** Whether an odd number of backslashes stands before `index`. */
function isEscaped(text: string, from: number, index: number): boolean {
  let before = index - 1
  while (before > from && text.charCodeAt(before) === BACKSLASH) before--
  return (index - before) % 2 === 0
}

function endOfValue(text: string, from: number): number {
  if (text.charCodeAt(from) === QUOTE) return endOfString(text, from)
  let depth = 0
  let index = from
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) {
      index = endOfString(text, index)
      continue
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (depth === 0) return index
      depth--
      if (depth === 0) return index + 1
    } else if (depth === 0 && (code === COMMA || code <= 32)) return index
    index++
  }
  return index
}
