/**
 * Which sorts of words a piece of a text touches, without the words: for records of many requests, where quoting them
 * would cost more than all the rest. Agrees with what `reasons.ts` says in words.
 */

const NONE = 0
const WORD = 1
const NUMBER = 2

/** How many words and how many numbers a piece touches. */
export type TouchedWords = { readonly words: number; readonly numbers: number }

/** Returns a counter that looks at each text once. A piece of a word touches all of it. */
export function createWordCounter(): (codes: Uint16Array, start: number, end: number) => TouchedWords {
  const known = new Map<Uint16Array, CountTouched>()
  return (codes, start, end) => {
    let count = known.get(codes)
    if (count === undefined) {
      const signs = signsOf(codes)
      count = signs.some((sign) => (sign & WIDE_SIGN) !== 0)
        ? (from, to) => countWords(signs, from, to)
        : countRuns(signs)
      known.set(codes, count)
    }
    return count(Math.max(0, start), Math.min(codes.length, end))
  }
}

type CountTouched = (start: number, end: number) => TouchedWords

/** To the plain reading of a text every digit is a zero. */
const ZERO = 48
/** Scripts without spaces begin here: they have no words to widen a piece to. */
const WIDE = 0x2e80
const WIDE_SIGN = 4

function signsOf(codes: Uint16Array): Uint8Array {
  const signs = new Uint8Array(codes.length)
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number
    if (code === ZERO) signs[at] = NUMBER
    else if ((code >= 97 && code <= 122) || code === 39) signs[at] = WORD
    else if (code >= 128 && isWordCode(codes, at)) signs[at] = code < WIDE ? WORD : WORD | WIDE_SIGN
  }
  return signs
}

/** Halves of a pair count by what both are together. */
function isWordCode(codes: Uint16Array, at: number): boolean {
  const code = codes[at] as number
  const low = (code & 0xfc00) === 0xdc00
  const first = low ? (codes[at - 1] ?? 0) : code
  const second = low ? code : (codes[at + 1] ?? 0)
  const isPair = (first & 0xfc00) === 0xd800 && (second & 0xfc00) === 0xdc00
  return /[\p{L}\p{N}]/u.test(isPair ? String.fromCharCode(first, second) : String.fromCharCode(code))
}

/**
 * Where words end at spaces and marks only, they are counted once for all pieces: a piece touches those that begin before its end
 * and do not end before its start.
 */
function countRuns(signs: Uint8Array): CountTouched {
  const begun = { words: new Uint16Array(signs.length + 1), numbers: new Uint16Array(signs.length + 1) }
  const ended = { words: new Uint16Array(signs.length + 1), numbers: new Uint16Array(signs.length + 1) }
  for (let at = 0; at < signs.length; ) {
    if (signs[at] === NONE) {
      at++
      continue
    }
    const start = at
    let kind: keyof TouchedWords = 'numbers'
    for (; at < signs.length && signs[at] !== NONE; at++) if (signs[at] !== NUMBER) kind = 'words'
    begun[kind][start + 1] = 1
    ended[kind][at] = 1
  }
  for (const counts of [begun.words, begun.numbers, ended.words, ended.numbers])
    for (let at = 1; at < counts.length; at++) counts[at] = (counts[at] ?? 0) + (counts[at - 1] ?? 0)
  return (start, end) => ({
    words: (begun.words[end] ?? 0) - (ended.words[start] ?? 0),
    numbers: (begun.numbers[end] ?? 0) - (ended.numbers[start] ?? 0),
  })
}

function countWords(signs: Uint8Array, start: number, end: number): TouchedWords {
  const widens = (at: number) => {
    const sign = signs[at]
    return sign !== undefined && sign !== NONE && (sign & WIDE_SIGN) === 0
  }
  let from = start
  while (from > 0 && widens(from - 1) && widens(from)) from--
  let to = end
  while (to < signs.length && widens(to) && widens(to - 1)) to++
  let words = 0
  let numbers = 0
  for (let at = from; at < to; ) {
    if (signs[at] === NONE) {
      at++
      continue
    }
    let isNumber = true
    for (; at < to && signs[at] !== NONE; at++) if (signs[at] !== NUMBER) isNumber = false
    if (isNumber) numbers++
    else words++
  }
  return { words, numbers }
}
