/**
 * Whether an answer brings numbers or names of its own. A name is known by its capital letter, so nothing is said of the first
 * word of a sentence, nor of names in languages that write all nouns so or have no capitals.
 */
import { sentencesOf } from './answer-text.ts'

const NUMBER = /\p{Nd}+(?:[.,:]\p{Nd}+)*/gu
const WORD = /\p{L}[\p{L}\p{M}]*/gu
const NAME = /^\p{Lu}[\p{L}\p{M}]+$/u
/** Part of a name and none by itself. */
const TITLES = new Set(['Mr', 'Mrs', 'Ms', 'Miss', 'Dr', 'Prof'])
const CALENDAR =
  'monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december'.split(
    ' ',
  )

/**
 * Returns the numbers and names of `answer` that stand nowhere in `source`. "10:40" stands for "10.40", "9:00" for "9", "Monday"
 * for "mon" and "Mondays".
 * @param language of the answer, as a code such as `en`
 */
export function inventedParts(answer: string, source: string, language: string): readonly string[] {
  const numbers = new Set(
    (source.match(NUMBER) ?? []).flatMap((number) => [
      numberForm(number),
      ...number.split(/[.,:]/).map(numberForm),
    ]),
  )
  const words = new Set((source.match(WORD) ?? []).map((word) => word.toLowerCase()))
  const ofNumbers = (answer.match(NUMBER) ?? []).filter((number) => !numbers.has(numberForm(number)))
  const ofNames = language === 'de' ? [] : namesIn(answer).filter((name) => !isKnown(name, words))
  return [...ofNumbers, ...ofNames]
}

function numberForm(number: string): string {
  return number
    .replace(/[.,:]00$/, '')
    .replaceAll(/[.,:]/g, '')
    .replace(/^0+(?=\p{Nd})/u, '')
}

function namesIn(text: string): readonly string[] {
  return sentencesOf(text).flatMap((sentence) =>
    (sentence.match(WORD) ?? []).slice(1).filter((word) => NAME.test(word) && !TITLES.has(word)),
  )
}

function isKnown(name: string, words: ReadonlySet<string>): boolean {
  const plain = name.toLowerCase()
  if ([plain, `${plain}s`, plain.replace(/s$/, '')].some((form) => words.has(form))) return true
  const isOfCalendar = CALENDAR.includes(plain.replace(/s$/, ''))
  return isOfCalendar && [...words].some((word) => word.length >= 3 && plain.startsWith(word))
}
