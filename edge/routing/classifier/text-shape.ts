/**
 * What a text looks like, whatever its words: its script, how much of it is digits, code, lines, how it begins and ends.
 * One pass over a bounded text. Weighs nothing.
 */

export const SCRIPTS = [
  'none',
  'latin',
  'cyrillic',
  'greek',
  'arabic',
  'hebrew',
  'devanagari',
  'thai',
  'kana',
  'hangul',
  'han',
  'other',
] as const
export type Script = (typeof SCRIPTS)[number]

export type TextShape = {
  /** The commonest script of its letters; Chinese characters beside kana are Japanese. */
  readonly script: Script
  readonly letters: number
  readonly digits: number
  /** Characters such as = < > { } [ ] ( ) ; _ * / \ ` $ ^ | # & % + that code and formulas are full of. */
  readonly symbols: number
  readonly capitals: number
  readonly lines: number
  readonly words: number
  readonly questionMarks: number
}

const SYMBOL = new Uint8Array(128)
for (const character of '=<>{}[]();_*/\\`$^|#&%+@~') SYMBOL[character.charCodeAt(0)] = 1

/** Returns the shape of a text. */
export function measureShape(text: string): TextShape {
  let letters = 0
  let digits = 0
  let symbols = 0
  let capitals = 0
  let lines = 1
  let words = 0
  let questionMarks = 0
  let between = true
  const scripts = new Uint16Array(SCRIPTS.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 128) {
      const lower = code | 32
      if (lower >= 97 && lower <= 122) {
        letters++
        if (code < 97) capitals++
        scripts[1] = (scripts[1] ?? 0) + 1
        if (between) words++
        between = false
        continue
      }
      between = true
      if (code >= 48 && code <= 57) digits++
      else if (code === 10) lines++
      else if (code === 63) questionMarks++
      else symbols += SYMBOL[code] ?? 0
      continue
    }
    const script = scriptOf(code)
    if (script === 0) {
      if (code === 0xff1f || code === 0x61f) questionMarks++
      between = true
      continue
    }
    letters++
    scripts[script] = (scripts[script] ?? 0) + 1
    // Scripts without spaces: a character is about half a word.
    if (script >= 8) words += 0.5
    else if (between) words++
    between = script >= 8
  }
  return {
    script: SCRIPTS[commonest(scripts)] ?? 'none',
    letters,
    digits,
    symbols,
    capitals,
    lines,
    words,
    questionMarks,
  }
}

function commonest(scripts: Uint16Array): number {
  let best = 0
  for (let script = 1; script < scripts.length; script++)
    if ((scripts[script] ?? 0) > (scripts[best] ?? 0)) best = script
  const kana = SCRIPTS.indexOf('kana')
  return SCRIPTS[best] === 'han' && (scripts[kana] ?? 0) > 0 ? kana : best
}

/** Returns the index of a letter's script by Unicode's blocks, 0 for what is no letter. */
function scriptOf(code: number): number {
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba ? 1 : 0
  if (code < 0x370) return code === 0xd7 || code === 0xf7 ? 0 : 1
  if (code < 0x400) return 3
  if (code < 0x530) return 2
  if (code < 0x590) return 11
  if (code < 0x600) return 5
  if (code < 0x780) return 4
  if (code < 0x900) return 11
  if (code < 0x980) return 6
  if (code < 0xe00) return 11
  if (code < 0xe80) return 7
  if (code < 0x1100) return 11
  if (code < 0x1200) return 9
  if (code < 0x1e00) return 11
  if (code < 0x1f00) return 1
  if (code < 0x2000) return 3
  if (code < 0x2e80) return 0
  if (code < 0x3040) return 0
  if (code < 0x3100) return 8
  if (code < 0x3400) return 0
  if (code < 0xa000) return 10
  if (code < 0xac00) return 11
  if (code < 0xd7b0) return 9
  if (code < 0xf900) return 0
  if (code < 0xfb00) return 10
  if (code < 0xfb50) return 11
  if (code < 0xff00) return 4
  return code >= 0xff21 && code <= 0xff5a ? 1 : 0
}
