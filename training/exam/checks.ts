/**
 * What is wrong with an answer, by the checks of an exam's item. Asks no model; what language a text is in is told by a function
 * that is passed in.
 */
import { isDeepStrictEqual } from 'node:util'
import { spokenIn } from '../duplicates.ts'
import { countWords, findWords, plainAnswer, sentencesOf } from './answer-text.ts'
import { inventedParts } from './copied.ts'
import type { ExamCheck, ExamItem } from './exam-item.ts'

export type ExamAnswer =
  | { readonly declined: false; readonly text: string }
  /** The model left the request to another. */
  | { readonly declined: true }

/** Says whether a text is in a language. */
export type IsInLanguage = (text: string, language: string) => boolean

const DECLINED = 'declined'
/** Long lists hide the answer that they are shown with. */
const LISTED = 6
const QUOTES = /^["'*\s]+|["'*\s]+$/g

/**
 * Returns what does not hold, in words; nothing where the answer passes. An answer that is declined passes where the item allows
 * handing over, and nowhere else.
 */
export function failedChecks(
  item: ExamItem,
  answer: ExamAnswer,
  isInLanguage: IsInLanguage,
): readonly string[] {
  if (answer.declined) return item.checks.some(({ is }) => is === 'hands_over') ? [] : [DECLINED]
  const { text } = answer
  if (text.trim() === '') return ['is empty']
  return item.checks.flatMap((check) => failureOf(check, text, item, isInLanguage) ?? [])
}

function failureOf(
  check: ExamCheck,
  answer: string,
  item: ExamItem,
  isInLanguage: IsInLanguage,
): string | undefined {
  const plain = plainAnswer(answer)
  const holds = (value: string) => findWords(plain, plainAnswer(value)) >= 0
  switch (check.is) {
    case 'one_of':
      return check.values.some((value) => bare(value) === bare(answer))
        ? undefined
        : `is none of ${listed(check.values)}`
    case 'contains':
      return check.any.some(holds) ? undefined : `lacks any of ${listed(check.any)}`
    case 'contains_all':
      return nameFirst('lacks', check.values, (value) => !holds(value))
    case 'lacks':
      return nameFirst('says', check.values, holds)
    case 'copied':
      return nameFirst('invents', inventedParts(answer, spokenIn(item).whole, item.language), () => true)
    case 'at_most_words':
      return beyond(countWords(answer), check.words, 'words')
    case 'at_most_sentences':
      return beyond(sentencesOf(answer).length, check.sentences, 'sentences')
    case 'language':
      return isInLanguage(answer, check.language) ? undefined : `is not in ${check.language}`
    case 'in_order':
      return isInOrder(check.values.map((value) => findWords(plain, plainAnswer(value))))
        ? undefined
        : `has not in this order: ${listed(check.values)}`
    case 'json':
      return isDeepStrictEqual(parsed(answer), check.members)
        ? undefined
        : `is not ${JSON.stringify(check.members)}`
    case 'hands_over':
      // Not declined: the words that the item asks for beside it decide.
      return undefined
  }
}

/** Quotes around it, its final full stop and case do not tell an answer apart. */
function bare(text: string): string {
  return plainAnswer(text).replaceAll(QUOTES, '').replace(/\.$/, '').replaceAll(QUOTES, '')
}

function nameFirst(
  what: string,
  values: readonly string[],
  isWrong: (value: string) => boolean,
): string | undefined {
  const wrong = values.find(isWrong)
  return wrong === undefined ? undefined : `${what} "${wrong}"`
}

function beyond(count: number, most: number, what: string): string | undefined {
  return count <= most ? undefined : `has ${count} ${what}, more than ${most}`
}

function isInOrder(places: readonly number[]): boolean {
  return places.every((place, at) => place > (at === 0 ? -1 : (places[at - 1] ?? -1)))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, LISTED).map((value) => `"${value}"`)
  return [...shown, ...(values.length > LISTED ? [`${values.length - LISTED} more`] : [])].join(', ')
}
