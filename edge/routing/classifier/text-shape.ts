/**
 * What a text looks like, whatever its words: its script, how many of its signs are digits, code,
 * capitals, how many lines, words and question marks it has. One pass over a bounded text. Weighs nothing.
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

const NONE = SCRIPTS.indexOf('none')
const LATIN = SCRIPTS.indexOf('latin')
/** The first of the scripts without spaces. */
const KANA = SCRIPTS.indexOf('kana')

/** First code of each block (Unicode's Blocks.txt, neighbours of one script in one) and the script of its letters. */
const BLOCKS: readonly (readonly [from: number, script: Script])[] = [
  [0, 'none'],
  [0xaa, 'latin'],
  [0xab, 'none'],
  [0xb5, 'latin'],
  [0xb6, 'none'],
  [0xba, 'latin'],
  [0xbb, 'none'],
  [0xc0, 'latin'],
  [0xd7, 'none'],
  [0xd8, 'latin'],
  [0xf7, 'none'],
  [0xf8, 'latin'],
  [0x370, 'greek'],
  [0x400, 'cyrillic'],
  [0x530, 'other'],
  [0x590, 'hebrew'],
  [0x600, 'arabic'],
  [0x780, 'other'],
  [0x900, 'devanagari'],
  [0x980, 'other'],
  [0xe00, 'thai'],
  [0xe80, 'other'],
  [0x1100, 'hangul'],
  [0x1200, 'other'],
  [0x1e00, 'latin'],
  [0x1f00, 'greek'],
  [0x2000, 'none'],
  [0x3040, 'kana'],
  [0x3100, 'none'],
  [0x3400, 'han'],
  [0xa000, 'other'],
  [0xac00, 'hangul'],
  [0xd7b0, 'none'],
  [0xf900, 'han'],
  [0xfb00, 'other'],
  [0xfb50, 'arabic'],
  [0xff00, 'none'],
  [0xff21, 'latin'],
  [0xff5b, 'none'],
]
/** Index of the script of each UTF-16 code; of letters in ASCII, `measureShape` knows it. */
const SCRIPT_OF = new Uint8Array(1 << 16)
for (const [from, script] of BLOCKS) SCRIPT_OF.fill(SCRIPTS.indexOf(script), from)

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
        scripts[LATIN] = (scripts[LATIN] ?? 0) + 1
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
    const script = SCRIPT_OF[code] ?? NONE
    if (script === NONE) {
      if (code === 0xff1f || code === 0x61f) questionMarks++
      between = true
      continue
    }
    letters++
    scripts[script] = (scripts[script] ?? 0) + 1
    // Scripts without spaces: a character is about half a word.
    if (script >= KANA) words += 0.5
    else if (between) words++
    between = script >= KANA
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
  return SCRIPTS[best] === 'han' && (scripts[KANA] ?? 0) > 0 ? KANA : best
}
