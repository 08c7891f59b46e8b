/**
 * What the form of a request is, said to people: how long it is, what it is full of, how it ends. Weighs nothing and
 * quotes no words.
 */
import type { Features } from '../features.ts'
import type { FORMS } from './hashed-features.ts'
import { measureShape, type TextShape } from './text-shape.ts'

export type Form = (typeof FORMS)[keyof typeof FORMS][number]
/** What sort of thing speaks for or against; none of the names quotes a request. */
export const REASON_KINDS = [
  'words',
  'punctuation',
  'length',
  'digits',
  'code signs',
  'capitals',
  'lines',
  'questions',
  'script',
  'conversation',
  'system prompt',
] as const
export type ReasonKind = (typeof REASON_KINDS)[number]

type Phrase = {
  readonly kind: ReasonKind
  readonly say: (features: Features, shape: TextShape) => string
}

const counted = (count: number, one: string, many = `${one}s`) =>
  count === 0 ? `no ${many}` : count === 1 ? `one ${one}` : `${count} ${many}`

const PHRASES: Readonly<Record<Form, Phrase>> = {
  length: {
    kind: 'length',
    say: ({ lastUserCharacters }) => `a last message of ${counted(lastUserCharacters, 'character')}`,
  },
  digits: { kind: 'digits', say: (_, { digits }) => `${counted(digits, 'digit')} in the last message` },
  symbols: {
    kind: 'code signs',
    say: (_, { symbols }) => `${counted(symbols, 'sign')} of code or formulas in the last message`,
  },
  capitals: {
    kind: 'capitals',
    say: (_, { capitals }) => `${counted(capitals, 'capital letter')} in the last message`,
  },
  lines: { kind: 'lines', say: (_, { lines }) => `a last message of ${counted(lines, 'line')}` },
  'question marks': {
    kind: 'questions',
    say: (_, { questionMarks }) => `${counted(questionMarks, 'question mark')} in the last message`,
  },
  ending: { kind: 'punctuation', say: ({ lastUserText }) => endingOf(lastUserText) },
  script: {
    kind: 'script',
    say: (_, { script }) =>
      script === 'none' ? 'a last message without letters' : `a last message in ${script} letters`,
  },
  turns: {
    kind: 'conversation',
    say: ({ turns }) => (turns === 1 ? 'a first message' : `a conversation of ${turns} turns`),
  },
  'earlier length': { kind: 'conversation', say: () => 'how long the conversation before is' },
  'earlier symbols': {
    kind: 'conversation',
    say: () => 'how many signs of code or formulas are in the conversation before',
  },
  'earlier digits': { kind: 'conversation', say: () => 'how many digits are in the conversation before' },
}

/** Returns a function that says what a form of this request is. */
export function createFormPhrases(features: Features): (form: Form) => {
  readonly kind: ReasonKind
  readonly what: string
} {
  const shape = measureShape(features.lastUserText)
  return (form) => ({ kind: PHRASES[form].kind, what: PHRASES[form].say(features, shape) })
}

/** Returns which kind of reason a form is, without a word about it. */
export function kindOfForm(form: Form): ReasonKind {
  return PHRASES[form].kind
}

function endingOf(text: string): string {
  const mark = /[^\p{L}\p{N}\s]$/u.exec(text.trimEnd())?.[0]
  return mark === undefined
    ? 'a last message that ends without a mark'
    : `a last message that ends in "${mark}"`
}
