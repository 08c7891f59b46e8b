/**
 * Keeps an answer to its form, token by token: each token leaves a way to a complete answer, and where tokens are limited
 * a way within the limit if there is one. Knows no logits.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AnswerFormat } from '../../../shared/answer-format.ts'
import { createAnswerAutomaton, STRING_START, withDroppedSpace } from './answer-automaton.ts'
import { createPlanner, type PlanParts } from './answer-plan.ts'
import { findStringTokens, type StringTokens } from './string-tokens.ts'
import { createTokenTrie } from './token-trie.ts'
import { readVocabulary, utf8Bytes, type Vocabulary, type VocabularyTokenizer } from './vocabulary.ts'

export type AnswerConstraint = {
  /**
   * Returns the tokens of which one must come next, in several lists; end tokens are among them where the answer is
   * complete and may go on.
   * @param left tokens that may still be made, at least one
   */
  readonly allowed: (left: number) => readonly Int32Array[]
  /** Takes a token that was allowed and is no end token. */
  readonly accept: (token: number) => Accepted
}

export type Accepted = {
  /** Whether the answer can go on. */
  readonly goesOn: boolean
  /** Characters at the token's beginning that don't belong to the answer. */
  readonly unwritten: number
}

/** Returns the constraint of one answer, or undefined where the tokenizer cannot write every answer of this form. */
export type ConstrainAnswer = (format: AnswerFormat) => AnswerConstraint | undefined

/**
 * Returns what makes constraints for a tokenizer, prepared when it is first asked for: that takes 150 ms of CPU for 49,152
 * tokens, and lets others have their turn in between.
 */
export function createAnswerConstrainer(
  tokenizer: VocabularyTokenizer,
  endTokens: ReadonlySet<number>,
): () => Promise<ConstrainAnswer> {
  const prepare = async (): Promise<ConstrainAnswer> => {
    const vocabulary = readVocabulary(tokenizer)
    await nextTurn()
    return vocabulary === undefined ? () => undefined : createConstrainAnswer(vocabulary, endTokens)
  }
  let prepared: Promise<ConstrainAnswer> | undefined
  return () => (prepared ??= prepare())
}

function createConstrainAnswer(
  { tokens, dropsFirstSpace }: Vocabulary,
  endTokens: ReadonlySet<number>,
): ConstrainAnswer {
  const writing = tokens.filter(({ id }) => !endTokens.has(id))
  const bytesOf: string[] = []
  const single = new Set<string>()
  for (const { id, bytes } of writing) {
    bytesOf[id] = bytes
    if (bytes.length === 1) single.add(bytes)
  }
  const trie = createTokenTrie(writing)
  let stringTokens: StringTokens | undefined
  const parts: PlanParts = {
    trie,
    closing: createTokenTrie(writing.filter(({ bytes }) => bytes.includes('"'))),
    stringTokens: () => (stringTokens ??= findStringTokens(trie)),
    endTokens: Int32Array.from(endTokens),
  }
  const startOf = (format: AnswerFormat) => {
    const start = createAnswerAutomaton(format)
    return dropsFirstSpace ? withDroppedSpace(start) : start
  }
  const canWrite = (text: string) => {
    if ([...utf8Bytes(text)].every((byte) => single.has(byte))) return true
    const start = startOf({ type: 'choice', choices: [text] })
    return createPlanner(parts)(start).toEnd < Infinity
  }

  return (format) => {
    if (!choicesOf(format).every(canWrite)) return undefined
    const planOf = createPlanner(parts)
    let state = startOf(format)
    if (planOf(state).toEnd === Infinity) return undefined
    return {
      allowed(left) {
        const { offers } = planOf(state)
        const fitting = offers.filter(({ toEnd }) => toEnd < left)
        return (fitting.length > 0 ? fitting : offers).map((offer) => offer.tokens)
      },
      accept(token) {
        const bytes = bytesOf[token] ?? ''
        const unwritten =
          state.inString?.index === STRING_START ? bytes.length - bytes.replace(/^ +/, '').length : 0
        for (let at = 0; at < bytes.length; at++) {
          const next = state.next.get(bytes.charCodeAt(at))
          if (next === undefined) throw new RangeError('The token is none of those that were allowed.')
          state = next
        }
        return { goesOn: state.next.size > 0, unwritten }
      },
    }
  }
}

/** The texts that may stand in an answer or not. */
function choicesOf(format: AnswerFormat): readonly string[] {
  if (format.type === 'choice') return format.choices
  return format.members.flatMap(({ value }) =>
    value.type === 'enum' ? value.values.map((each) => JSON.stringify(each)) : [],
  )
}
