/**
 * The features that the classifier weighs: words, pieces of words and forms of a request, each hashed to a number. Chooses what
 * is read of its texts, which `features.ts` bounds; how a text is read is `hashed-text.ts`. Weighs nothing.
 */
import type { Features } from '../features.ts'
import { type Emit, emitEdges, emitPieces, emitWords, mix, tellAgain, wordsOf } from './hashed-text.ts'
import { PLACES } from './places.ts'
import { plainCodes } from './plain-codes.ts'
import { measureShape, SCRIPTS, type TextShape } from './text-shape.ts'

const NO_CODES = new Uint16Array()
const HEAD_CHARACTERS = 300
const TAIL_CHARACTERS = 200
const MIDDLE_CHARACTERS = 600
const EARLIER_CHARACTERS = 300
const SYSTEM_CHARACTERS = 400
const SHORT_REPLY = 60
/**
 * A system prompt that makes a service of the model, to which every message is material. In how many sentences or in which
 * language it is to answer does not.
 */
const INSTRUCTS =
  /\b(?:classif\w*|categor\w*|label\w*|extract\w*|sentiment|intent|one of|only (?:with )?(?:the|one|a|yes)|(?:reply|respond|answer|return|output) (?:with|only|just)(?! in )|summari[sz]\w*|translat\w*|detect\w*|tag\w*)\b/i

/** Tells the features of a request. */
export function emitFeatures(features: Features, emit: Emit): void {
  const text = plainCodes(features.lastUserText)
  const shape = measureShape(features.lastUserText)
  const head = text.length <= HEAD_CHARACTERS + TAIL_CHARACTERS ? text : text.subarray(0, HEAD_CHARACTERS)
  emitForms(features, shape, text, emit)
  emitWords(head, emit, PLACES.word, PLACES.pair)
  emitPieces(head, emit)
  emitEdges(text, emit)
  if (head.length < text.length) {
    const tail = text.subarray(-TAIL_CHARACTERS)
    emitWords(tail, emit, PLACES.word, PLACES.pair)
    emitPieces(tail, emit)
    emitWords(
      text.subarray(
        HEAD_CHARACTERS,
        Math.min(HEAD_CHARACTERS + MIDDLE_CHARACTERS, text.length - TAIL_CHARACTERS),
      ),
      emit,
      PLACES.middle,
    )
  }
  if (features.turns > 1) {
    tellAgain(earlierWords(features.earlierText), emit)
    if (text.length <= SHORT_REPLY) emitWords(text, emit, PLACES.reply, PLACES.reply)
  }
  // Who the model is said to be says nothing about the request; what it is told to do with every message does.
  tellAgain(instructionWords(features.systemText), emit)
}

/** The parts of one message are scored one after the other: what stands around the message is read for the first of them. */
function forSameText<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly value: T } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) }
    return last.value
  }
}

const earlierWords = forSameText((text) =>
  wordsOf(plainCodes(text.slice(-EARLIER_CHARACTERS)), PLACES.earlier),
)
const earlierShape = forSameText(measureShape)
/** Empty for a system prompt that is none of a service. */
const instructionWords = forSameText((text) => {
  const system = text.slice(0, SYSTEM_CHARACTERS)
  return wordsOf(INSTRUCTS.test(system) ? plainCodes(system) : NO_CODES, PLACES.system, PLACES.system)
})

/** What the forms tell of, by the number under which they are told; some tell of two things at once. */
export const FORMS = {
  1: ['length'],
  2: ['length'],
  3: ['digits'],
  4: ['symbols'],
  5: ['capitals'],
  6: ['lines'],
  7: ['question marks'],
  8: ['ending'],
  9: ['script'],
  10: ['turns'],
  12: ['earlier length'],
  13: ['earlier symbols'],
  14: ['earlier digits'],
  15: ['length', 'earlier length'],
  16: ['length', 'question marks'],
  17: ['length', 'symbols'],
} as const

function emitForms(features: Features, shape: TextShape, text: Uint16Array, emit: Emit): void {
  const form = (name: keyof typeof FORMS, value: number) =>
    emit(PLACES.form, mix(name * 64 + value), NO_CODES, name, value)
  const { letters } = shape
  const size = Math.max(1, text.length)
  form(1, bucket(features.lastUserCharacters))
  form(2, bucket(shape.words))
  form(3, share(shape.digits, size))
  form(4, share(shape.symbols, size))
  form(5, share(shape.capitals, Math.max(1, letters)))
  form(6, bucket(shape.lines))
  form(7, Math.min(3, shape.questionMarks))
  form(8, ending(text))
  form(9, SCRIPTS.indexOf(shape.script))
  form(10, Math.min(6, features.turns))
  if (features.turns > 1) {
    const before = earlierShape(features.earlierText)
    form(12, bucket(features.earlierText.length))
    form(13, share(before.symbols, Math.max(1, features.earlierText.length)))
    form(14, share(before.digits, Math.max(1, features.earlierText.length)))
    form(
      15,
      Math.min(7, bucket(features.lastUserCharacters)) * 8 + Math.min(7, bucket(features.earlierText.length)),
    )
  }
  form(16, Math.min(7, bucket(features.lastUserCharacters)) * 4 + Math.min(3, shape.questionMarks))
  form(17, Math.min(7, share(shape.symbols, size)) * 8 + Math.min(7, bucket(features.lastUserCharacters)))
}

/** Logarithmic: 0, 1, 2, 3–4, 5–8, 9–16 … */
function bucket(value: number): number {
  return value <= 0 ? 0 : Math.min(31, 1 + Math.ceil(Math.log2(value)))
}

/** Of a whole, in steps that are finer where little is: 0, up to 1, 2, 4, 8, 16, 32, 64 %, more. */
function share(part: number, whole: number): number {
  return part === 0 ? 0 : Math.max(1, Math.min(8, 2 + Math.ceil(Math.log2((100 * part) / whole))))
}

const ENDINGS = Array.from('?!.:,;)"\'`}]>…？。！', (mark) => mark.charCodeAt(0))
function ending(text: Uint16Array): number {
  return 1 + ENDINGS.indexOf(text[text.length - 1] ?? 0)
}
