/**
 * The features of one text: its words, neighbouring words, pieces of words, beginning and end, each hashed to a number. Linear,
 * and the same on every machine. Knows no requests.
 */
import { PLACES } from './places.ts'

/** Told of each feature: its place, its hash and, for whoever explains, the range of the text that it stands for. */
export type Emit = (place: number, hash: number, codes: Uint16Array, start: number, end: number) => void

const LONGEST_PIECE = 5

/** Tells words and, where `pairs` is given, neighbours. */
export function emitWords(text: Uint16Array, emit: Emit, place: number, pairs?: number): void {
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

/** Tells pieces of three and of five characters, the space at either end of the text among them; in scripts without spaces, of two and three. */
export function emitPieces(text: Uint16Array, emit: Emit): void {
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

/** Tells how a request begins and ends: what is asked stands there. */
export function emitEdges(text: Uint16Array, emit: Emit): void {
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

/** Returns a hash with all bits spread: MurmurHash3's last step. */
export function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** What was told of a text once, to be told again. */
export type Told = { readonly codes: Uint16Array; readonly features: readonly number[] }

/** Returns what there is to tell of a text's words: four numbers for each feature. */
export function wordsOf(codes: Uint16Array, place: number, pairs?: number): Told {
  const features: number[] = []
  emitWords(codes, (place, hash, _, start, end) => features.push(place, hash, start, end), place, pairs)
  return { codes, features }
}

/** Tells the same once more. */
export function tellAgain({ codes, features }: Told, emit: Emit): void {
  for (let at = 0; at < features.length; at += 4)
    emit(
      features[at] as number,
      features[at + 1] as number,
      codes,
      features[at + 2] as number,
      features[at + 3] as number,
    )
}
