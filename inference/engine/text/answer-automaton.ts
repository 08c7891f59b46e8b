/**
 * Which bytes an answer of a given form may consist of, as a deterministic automaton: one of some texts, or a flat JSON
 * object. Objects have one layout, `{"a": "x", "b": 3}`, which is the one that models write most. Knows no tokens.
 */
import type { AnswerFormat, AnswerValue } from '../../../shared/answer-format.ts'
import { utf8Bytes } from './vocabulary.ts'

export type AnswerState = {
  /** By the byte that is written. */
  readonly next: ReadonlyMap<number, AnswerState>
  /** Whether the answer may end here. */
  readonly complete: boolean
  /** Set between the quotes of a JSON string of any text. */
  readonly inString: StringPlace | undefined
}

/** A string's states by their index, the same in all strings but for what follows the closing quote; and which it is. */
export type StringPlace = { readonly states: readonly AnswerState[]; readonly index: number }

/** Of each state of a string, by its index: bytes that the beginning, the escape or the character lacks. */
export const MISSING_BYTES = [0, 1, 1, 1, 2, 2, 2, 3, 3, 3] as const
/** The index of the state after the opening quote. */
export const STRING_START = 1

type Mutable = AnswerState & { readonly next: Map<number, AnswerState> }

/** Digits that a double holds whatever they are. */
const MAX_DIGITS = 15

/**
 * Returns the state before the first byte. Strings of any text hold no `\u` escapes, as every character can stand for
 * itself. Spaces at their beginning are taken but don't belong to the answer: many vocabularies have a word only with the
 * space before it, and a small model that may not write it so writes another word.
 */
export function createAnswerAutomaton(format: AnswerFormat): AnswerState {
  const end = createState(true)
  if (format.type === 'choice') return oneOf(format.choices, end)
  let state = oneOf([format.members.length === 0 ? '{}' : '}'], end)
  for (const [at, { name, value }] of [...format.members.entries()].toReversed())
    state = oneOf([`${at === 0 ? '{' : ', '}${JSON.stringify(name)}: `], stateOf(value, state))
  return state
}

/** Returns the state before `start` for tokenizers whose first token's space is not written. */
export function withDroppedSpace(start: AnswerState): AnswerState {
  const state = orElse(start)
  link(state, 0x20, 0x20, start)
  return state
}

function stateOf(value: AnswerValue, after: AnswerState): AnswerState {
  switch (value.type) {
    case 'enum':
      return oneOf(
        value.values.map((each) => JSON.stringify(each)),
        after,
      )
    case 'boolean':
      return oneOf(['true', 'false'], after)
    case 'string':
      return oneOf(['"'], anyString(after))
    case 'integer':
      return anyNumber(after, false)
    case 'number':
      return anyNumber(after, true)
  }
}

type Branch = { readonly children: Map<number, Branch>; ends: boolean }

/** No text may go on, where another has ended, with a byte that `after` takes. */
function oneOf(texts: readonly string[], after: AnswerState): AnswerState {
  const branches: Branch[] = []
  const grow = (): Branch => {
    const branch = { children: new Map<number, Branch>(), ends: false }
    branches.push(branch)
    return branch
  }
  const root = grow()
  for (const text of texts.map(utf8Bytes)) {
    let branch = root
    for (let at = 0; at < text.length; at++) {
      const byte = text.charCodeAt(at)
      const child = branch.children.get(byte) ?? grow()
      branch.children.set(byte, child)
      branch = child
    }
    branch.ends = true
  }
  const states = new Map<Branch, AnswerState>()
  // Children were made after their parents; a recursion would be as deep as a text is long.
  for (const branch of branches.toReversed()) {
    if (branch.children.size === 0) continue
    const state = branch.ends ? orElse(after) : createState(false)
    for (const [byte, child] of branch.children) state.next.set(byte, states.get(child) ?? after)
    states.set(branch, state)
  }
  return states.get(root) ?? after
}

/** Returns the first state of the text of a string. */
export function anyString(after: AnswerState): AnswerState {
  const states: Mutable[] = []
  const add = (): Mutable => {
    const state = { ...createState(false), inString: { states, index: states.length } }
    states.push(state)
    return state
  }
  // In the order of MISSING_BYTES.
  const [text, first, escaped, last] = [add(), add(), add(), add()]
  const [two, afterE0, afterED] = [add(), add(), add()]
  const [three, afterF0, afterF4] = [add(), add(), add()]
  link(text, 0x20, 0x7f, text)
  link(first, 0x20, 0x20, first)
  link(first, 0x21, 0x7f, text)
  for (const state of [text, first]) {
    state.next.set(0x22, after)
    state.next.set(0x5c, escaped)
    // The well-formed sequences of UTF-8 (The Unicode Standard, table 3-7).
    link(state, 0xc2, 0xdf, last)
    link(state, 0xe0, 0xe0, afterE0)
    link(state, 0xe1, 0xef, two)
    link(state, 0xed, 0xed, afterED)
    link(state, 0xf0, 0xf0, afterF0)
    link(state, 0xf1, 0xf3, three)
    link(state, 0xf4, 0xf4, afterF4)
  }
  for (const character of '"\\/bfnrt') escaped.next.set(character.charCodeAt(0), text)
  link(last, 0x80, 0xbf, text)
  link(two, 0x80, 0xbf, last)
  link(afterE0, 0xa0, 0xbf, last)
  link(afterED, 0x80, 0x9f, last)
  link(three, 0x80, 0xbf, two)
  link(afterF0, 0x90, 0xbf, two)
  link(afterF4, 0x80, 0x8f, two)
  return first
}

/** Without an exponent, and with no more digits than `MAX_DIGITS`. */
function anyNumber(after: AnswerState, fraction: boolean): AnswerState {
  /** By how many digits may still follow. */
  const fractions = [orElse(after)]
  const points = [createState(false)]
  const wholes = [orElse(after)]
  for (let left = 1; left < MAX_DIGITS; left++) {
    const [digits, point, whole] = [orElse(after), createState(false), orElse(after)]
    linkDigits(digits, fractions[left - 1])
    linkDigits(point, fractions[left - 1])
    linkDigits(whole, wholes[left - 1])
    if (fraction) whole.next.set(0x2e, point)
    fractions.push(digits)
    points.push(point)
    wholes.push(whole)
  }
  const [start, negative, zero, negativeZero] = [
    createState(false),
    createState(false),
    orElse(after),
    createState(false),
  ]
  linkDigits(start, wholes.at(-1))
  linkDigits(negative, wholes.at(-1))
  start.next.set(0x2d, negative)
  start.next.set(0x30, zero)
  negative.next.delete(0x30)
  const point = points.at(-1)
  if (fraction && point) {
    zero.next.set(0x2e, point)
    negativeZero.next.set(0x2e, point)
    negative.next.set(0x30, negativeZero)
  }
  return start
}

export function createState(complete: boolean): Mutable {
  return { next: new Map(), complete, inString: undefined }
}

/** Returns a state in which everything is possible that is possible in `after`; more may be added. */
function orElse(after: AnswerState): Mutable {
  return { next: new Map(after.next), complete: after.complete, inString: undefined }
}

function link(from: Mutable, firstByte: number, lastByte: number, to: AnswerState): void {
  for (let byte = firstByte; byte <= lastByte; byte++) from.next.set(byte, to)
}

function linkDigits(from: Mutable, to: AnswerState | undefined): void {
  if (to) link(from, 0x30, 0x39, to)
}
