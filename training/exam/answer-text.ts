/**
 * Text as the checks of the exam see it: plain, in words and sentences, with values that stand in it as words of their own.
 * Knows no check.
 */

/** Scripts that put no space between words, or glue endings to them. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}]/u
const DIGIT = /\p{Nd}/u
const NUMBER_GOES_ON = /^[.,:]?\p{Nd}/u
const NUMBER_CAME_BEFORE = /\p{Nd}[.,:]?$/u
/** Unicode ends a sentence behind them where a name follows. */
const ABBREVIATION =
  /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|sr|jr|no|nr|vs|approx|a\.m|p\.m|e\.g|i\.e|z\.b)\.\s*$/iu

/** Returns a text in lower case, with plain quotes and single spaces. */
export function plainAnswer(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[’‘`´]/g, "'")
    .replaceAll(/[“”„«»]/g, '"')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Returns where `value` first stands in `text` as words of its own, both being plain; -1 where it does not. */
export function findWords(text: string, value: string): number {
  if (value === '') return -1
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
    if (isBounded(text.slice(0, at), value, text.slice(at + value.length))) return at
  return -1
}

function isBounded(before: string, value: string, after: string): boolean {
  const [first = '', last = ''] = [[...value][0], [...value].at(-1)]
  const [previous = '', next = ''] = [[...before.slice(-2)].at(-1), [...after.slice(0, 2)][0]]
  if (DIGIT.test(first) && NUMBER_CAME_BEFORE.test(before)) return false
  if (DIGIT.test(last) && NUMBER_GOES_ON.test(after)) return false
  return !joins(previous, first) && !joins(last, next)
}

function joins(left: string, right: string): boolean {
  const areWords = WORD_CHARACTER.test(left) && WORD_CHARACTER.test(right)
  return areWords && !UNSPACED.test(left) && !UNSPACED.test(right)
}

/** Returns the number of words, in scripts without spaces, too. */
export function countWords(text: string): number {
  const segments = new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)
  return [...segments].filter(({ isWordLike }) => isWordLike).length
}

/** Returns the sentences of a text, with the white space behind them. */
export function sentencesOf(text: string): readonly string[] {
  const sentences: string[] = []
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(text)) {
    const before = sentences.at(-1)
    if (before !== undefined && ABBREVIATION.test(before)) sentences[sentences.length - 1] = before + segment
    else sentences.push(segment)
  }
  return sentences.filter((sentence) => WORD_CHARACTER.test(sentence))
}
