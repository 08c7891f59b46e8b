/**
 * Regular expressions that take time in proportion to the text, whatever both are: all states of the automaton that a
 * pattern describes are followed at once (K. Thompson, "Regular Expression Search Algorithm", 1968), so nothing is tried
 * again. Says whether a text holds a match; not where.
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
const MOST_INSTRUCTIONS = 500
const isWord = characterTest('\\w')

/**
 * Returns a predicate over texts: whether the pattern matches anywhere in it, as `new RegExp(source, 'iu')` would.
 * @throws {SyntaxError} that completes "the pattern …"
 */
export function compileLinearPattern(source: string): LinearPattern {
  const program: Instruction[] = []
  emit(parsePattern(source), program)
  push({ kind: 'match' }, program)
  return (text) => search(program, text)
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
  for (let count = 0; count < least; count++) emit(part, program)
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

function search(program: readonly Instruction[], text: string): boolean {
  /** The position at which an instruction was last reached, so that none is followed twice there. */
  const reached = new Int32Array(program.length).fill(-1)
  let waiting: number[] = []
  let previous: number | undefined
  for (let at = 0; at <= text.length; ) {
    const next = text.codePointAt(at)
    const following: number[] = []
    // A match may begin at every character.
    waiting.push(0)
    for (const from of waiting)
      if (follow(program, from, { at, previous, next }, reached, following)) return true
    if (next === undefined) return false
    waiting = []
    for (const index of following) {
      const instruction = program[index]
      if (instruction?.kind === 'character' && instruction.matches(next)) waiting.push(index + 1)
    }
    previous = next
    at += next > 0xffff ? 2 : 1
  }
  return false
}

type Place = {
  readonly at: number
  readonly previous: number | undefined
  readonly next: number | undefined
}

/** Collects the characters that may come next from an instruction on; says whether the whole pattern has matched. */
function follow(
  program: readonly Instruction[],
  from: number,
  place: Place,
  reached: Int32Array,
  following: number[],
): boolean {
  const open = [from]
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached[index] === place.at) continue
    reached[index] = place.at
    const instruction = program[index]
    if (instruction?.kind === 'match') return true
    if (instruction?.kind === 'character') following.push(index)
    else if (instruction?.kind === 'split') open.push(...instruction.to)
    else if (instruction?.kind === 'assertion' && holds(instruction.name, place)) open.push(index + 1)
  }
  return false
}

function holds(assertion: Assertion, { previous, next }: Place): boolean {
  if (assertion === 'start') return previous === undefined
  if (assertion === 'end') return next === undefined
  const isBoundary = isWordAt(previous) !== isWordAt(next)
  return assertion === 'boundary' ? isBoundary : !isBoundary
}

function isWordAt(codePoint: number | undefined): boolean {
  return codePoint !== undefined && isWord(codePoint)
}
