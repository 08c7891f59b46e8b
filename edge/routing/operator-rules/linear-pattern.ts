/**
 * Regular expressions that take time in proportion to the text, whatever both are: all states of the automaton that a
 * pattern describes are followed at once (K. Thompson, "Regular Expression Search Algorithm", 1968), so nothing is tried
 * again, and sets of states that were met before are looked up. Says whether a text holds a match; not where.
 */
import {
  type Assertion,
  type CharacterTest,
  characterTest,
  type PatternNode,
  parsePattern,
} from './pattern-syntax.ts'

export type LinearPattern = (text: string) => boolean

/** An instruction is followed by the next one unless it names others. */
type Instruction =
  | { readonly kind: 'character'; readonly matches: CharacterTest }
  | { readonly kind: 'assertion'; readonly name: Assertion }
  | { readonly kind: 'split'; to: readonly number[] }
  | { readonly kind: 'match' }

/** Bounds what a character costs: at most so many states are followed. */
const MOST_INSTRUCTIONS = 200
/** Of these at most are kept; whatever is met beyond them is worked out again. */
const MOST_TRANSITIONS = 5_000
/** Stands for the end of a text where a code point is expected. */
const END = -1
const isWord = characterTest('\\w')

/**
 * Returns a predicate over texts: whether the pattern matches anywhere in it, as `new RegExp(source, 'iu')` would.
 * @throws {SyntaxError} that completes "the pattern …"
 */
export function compileLinearPattern(source: string): LinearPattern {
  const program: Instruction[] = []
  emit(parsePattern(source), program)
  push({ kind: 'match' }, program)
  return createSearch(program)
}

function push(instruction: Instruction, program: Instruction[]): void {
  if (program.length >= MOST_INSTRUCTIONS)
    throw new SyntaxError(`has more than ${MOST_INSTRUCTIONS} states. Lower the numbers in {…}`)
  program.push(instruction)
}

function emit(node: PatternNode, program: Instruction[]): void {
  if (node.kind === 'character' || node.kind === 'assertion') push(node, program)
  else if (node.kind === 'choice') emitChoice(node.parts, program)
  else if (node.kind === 'repeat') emitRepeat(node, program)
  else for (const part of node.parts) emit(part, program)
}

function emitChoice(parts: readonly PatternNode[], program: Instruction[]): void {
  const fork = emitSplit(program)
  const ends: ReturnType<typeof emitSplit>[] = []
  const starts = parts.map((part) => {
    const start = program.length
    emit(part, program)
    ends.push(emitSplit(program))
    return start
  })
  fork.to = starts
  for (const end of ends) end.to = [program.length]
}

function emitRepeat(
  { part, least, most }: { readonly part: PatternNode; readonly least: number; readonly most: number },
  program: Instruction[],
): void {
  for (let count = 0; count < least; count++) {
    const start = program.length
    emit(part, program)
    // What has no instructions is the same however often it stands there, and no bound on instructions would end this.
    if (program.length === start) return
  }
  if (most === Number.POSITIVE_INFINITY) {
    const start = program.length
    const fork = emitSplit(program)
    emit(part, program)
    emitSplit(program).to = [start]
    fork.to = [start + 1, program.length]
    return
  }
  const exits: { readonly fork: ReturnType<typeof emitSplit>; readonly start: number }[] = []
  for (let count = least; count < most; count++) {
    exits.push({ fork: emitSplit(program), start: program.length })
    emit(part, program)
  }
  for (const { fork, start } of exits) fork.to = [start, program.length]
}

/** Adds a split whose targets are set once they are known. */
function emitSplit(program: Instruction[]): Extract<Instruction, { kind: 'split' }> {
  const split: Extract<Instruction, { kind: 'split' }> = { kind: 'split', to: [] }
  push(split, program)
  return split
}

/** What stands before a place, as far as assertions ask. */
type Before = 'nothing' | 'word' | 'other'

/** Where the automaton is before a character. */
type State = {
  /** Instructions that earlier characters have led to, ascending. */
  readonly waiting: readonly number[]
  readonly before: Before
  /** What each character led to when it was last met here. */
  readonly after: Map<number, State | 'matched'>
}

/** Returns the search. What it has worked out for one text serves the next, within bounds. */
function createSearch(program: readonly Instruction[]): LinearPattern {
  const states = new Map<string, State>()
  let transitions = 0

  function stateOf(waiting: readonly number[], before: Before): State {
    const key = `${before} ${waiting.join()}`
    const known = states.get(key)
    if (known !== undefined) return known
    const state: State = { waiting, before, after: new Map() }
    states.set(key, state)
    return state
  }

  /** @param next the code point, or `END` */
  function step(state: State, next: number): State | 'matched' {
    const known = state.after.get(next)
    if (known !== undefined) return known
    if (++transitions > MOST_TRANSITIONS) {
      states.clear()
      transitions = 0
    }
    const after = computeStep(state, next)
    state.after.set(next, after)
    return after
  }

  function computeStep({ waiting, before }: State, next: number): State | 'matched' {
    const beforeNext = next === END ? 'nothing' : isWord(next) ? 'word' : 'other'
    // A match may begin at every character.
    const following = follow(program, [...waiting, 0], (assertion) => holds(assertion, before, beforeNext))
    if (following === 'matched') return 'matched'
    const taken = following.filter((index) => takes(program[index], next))
    return stateOf(
      taken.map((index) => index + 1),
      beforeNext,
    )
  }

  return (text) => {
    let state = stateOf([], 'nothing')
    for (let at = 0; ; ) {
      const next = text.codePointAt(at) ?? END
      const after = step(state, next)
      if (after === 'matched') return true
      if (next === END) return false
      state = after
      at += next > 0xffff ? 2 : 1
    }
  }
}

function takes(instruction: Instruction | undefined, codePoint: number): boolean {
  return codePoint !== END && instruction?.kind === 'character' && instruction.matches(codePoint)
}

/** Returns the instructions whose characters may come next, ascending, unless the whole pattern has matched. */
function follow(
  program: readonly Instruction[],
  from: readonly number[],
  isHere: (assertion: Assertion) => boolean,
): readonly number[] | 'matched' {
  const reached = new Uint8Array(program.length)
  const open = [...from]
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached[index] === 1) continue
    reached[index] = 1
    const instruction = program[index]
    if (instruction?.kind === 'match') return 'matched'
    if (instruction?.kind === 'split') open.push(...instruction.to)
    else if (instruction?.kind === 'assertion' && isHere(instruction.name)) open.push(index + 1)
  }
  const following: number[] = []
  for (let index = 0; index < reached.length; index++)
    if (reached[index] === 1 && program[index]?.kind === 'character') following.push(index)
  return following
}

function holds(assertion: Assertion, before: Before, after: Before): boolean {
  if (assertion === 'start') return before === 'nothing'
  if (assertion === 'end') return after === 'nothing'
  const isBoundary = (before === 'word') !== (after === 'word')
  return assertion === 'boundary' ? isBoundary : !isBoundary
}
