/**
 * The features that the classifier weighs: words, pieces of words and forms of a request, each hashed to a number. Linear
 * in texts that `features.ts` bounds, and the same on every machine. Weighs nothing.
 */
import type { Features } from '../features.ts'
import { plainCodes } from './plain-codes.ts'
import { measureShape, SCRIPTS, type TextShape } from './text-shape.ts'

/** Where a feature stands in the request; each place has weights of its own. */
export const PLACES = {
  form: 0,
  word: 1,
  pair: 2,
  skip: 3,
  piece: 4,
  opening: 5,
  ending: 6,
  middle: 7,
  reply: 8,
  earlier: 9,
  system: 10,
} as const
export type Place = keyof typeof PLACES
/** How much a place counts beside the others, chosen on sources left out of training. */
export const PLACE_SCALES: readonly number[] = [0.5, 1, 1, 0.7, 1, 0.5, 0.5, 0.4, 0.7, 0.4, 0.5]

/** Told of each feature: its place, its hash and, for whoever explains, the range of the text that it stands for. */
export type Emit = (place: number, hash: number, codes: Uint16Array, start: number, end: number) => void

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
const LONGEST_PIECE = 5

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
    emitWords(earlierCodes(features.earlierText), emit, PLACES.earlier)
    if (text.length <= SHORT_REPLY) emitWords(text, emit, PLACES.reply, PLACES.reply)
  }
  // Who the model is said to be says nothing about the request; what it is told to do with every message does.
  emitWords(instructionCodes(features.systemText), emit, PLACES.system, PLACES.system)
}

/** The parts of one message are scored one after the other: what stands around the message is read for the first of them. */
function forSameText<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly value: T } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) }
    return last.value
  }
}

const earlierCodes = forSameText((text) => plainCodes(text.slice(-EARLIER_CHARACTERS)))
const earlierShape = forSameText(measureShape)
/** Empty for a system prompt that is none of a service. */
const instructionCodes = forSameText((text) => {
  const system = text.slice(0, SYSTEM_CHARACTERS)
  return INSTRUCTS.test(system) ? plainCodes(system) : NO_CODES
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

/** Words and, where `pairs` is given, neighbours. */
function emitWords(text: Uint16Array, emit: Emit, place: number, pairs?: number): void {
  let before = 0
  let beforeStart = 0
  let last2 = 0
  let start = -1
  let hash = 0
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? (text[at] as number) : 32
    if (isWordCharacter(code)) {
      if (start < 0) {
        start = at
        hash = 17
      }
      hash = Math.imul(hash, 31) + code
      if (code < 0x2e80) continue
      // Scripts without spaces: each character is a word.
      at++
    } else if (start < 0) {
      // Marks are words too: what is a question or a formula shows in them.
      if (code === 32) continue
      start = at
      hash = Math.imul(19, 31) + code
      at++
    }
    const end = at
    emit(place, mix(hash), text, start, end)
    if (pairs !== undefined && before !== 0) {
      emit(pairs, mix(Math.imul(before, 0x9e3779b1) ^ hash), text, beforeStart, end)
      if (last2 !== 0)
        emit(PLACES.skip, mix(Math.imul(last2, 0x85ebca6b) ^ Math.imul(hash, 3)), text, beforeStart, end)
    }
    last2 = before
    before = hash
    beforeStart = start
    start = -1
    hash = 0
    at = end - 1
  }
}

/** Pieces of three and of five characters, the space at either end of the text among them; in scripts without spaces, of two and three. */
function emitPieces(text: Uint16Array, emit: Emit): void {
  const { length } = text
  for (let start = -1; start < length; start++) {
    const end = Math.min(length + 1, start + LONGEST_PIECE)
    let hash = 23
    for (let at = start; at < end; at++) {
      const code = at < 0 || at >= length ? 32 : (text[at] as number)
      hash = Math.imul(hash, 31) + code
      const size = at - start + 1
      if (code < 0x2e80 ? size === 3 || size === 5 : size === 2 || size === 3)
        emit(PLACES.piece, mix(hash), text, start, at + 1)
    }
  }
}

/** How a request begins and ends: what is asked stands there. */
function emitEdges(text: Uint16Array, emit: Emit): void {
  let hash = 29
  let words = 0
  for (let at = 0; at < text.length && words < 4 && at < 80; at++) {
    const code = text[at] as number
    if (code === 32) {
      words++
      emit(PLACES.opening, mix(hash + words), text, 0, at)
    }
    hash = Math.imul(hash, 31) + code
  }
  hash = 37
  words = 0
  for (let at = text.length - 1; at >= 0 && words < 4 && text.length - at < 80; at--) {
    const code = text[at] as number
    if (code === 32) {
      words++
      emit(PLACES.ending, mix(hash + words), text, at + 1, text.length)
    }
    hash = Math.imul(hash, 31) + code
  }
}

function isWordCharacter(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 39
  return (
    code >= 0xc0 &&
    !(code >= 0x2000 && code <= 0x206f) &&
    !(code >= 0x3000 && code <= 0x303f) &&
    code !== 0xff1f &&
    code !== 0xff0c &&
    code !== 0xff01 &&
    code !== 0xff1a
  )
}

/** MurmurHash3's last step: spreads all bits. */
function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
