/**
 * Which language an answer is in: by its script where one language writes it, else by the edge's classifier.
 */
import { createClassifier } from '../../edge/routing/classifier/classifier.ts'
import type { ClassifierModel } from '../../edge/routing/classifier/classifier-model.ts'
import { extractFeatures } from '../../edge/routing/features.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import { countWords } from './answer-text.ts'

const LETTER = /\p{L}/gu
/** Of the languages that the items are in, the only ones in these scripts. Kana make it Japanese. */
const SCRIPTS: ReadonlyMap<string, RegExp> = new Map([
  ['ja', /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/gu],
  ['zh', /\p{sc=Han}/gu],
  ['ko', /\p{sc=Hangul}/gu],
  ['ru', /\p{sc=Cyrillic}/gu],
  ['ar', /\p{sc=Arabic}/gu],
  ['hi', /\p{sc=Devanagari}/gu],
])
const KANA = /[\p{sc=Hiragana}\p{sc=Katakana}]/u
/** Names and units in other letters leave a text what it is. */
const SCRIPT_SHARE = 0.5
/** Shorter answers, such as a name, belong to any language. */
const FEWEST_WORDS = 3

/** Returns a function that says whether a text is in a language, given as a code such as `de`. */
export function createLanguageCheck(model: ClassifierModel): (text: string, language: string) => boolean {
  const { classify } = createClassifier(model)
  const classifiedAs = (text: string) =>
    classify(
      extractFeatures(
        parseMessagesRequest({
          model: 'auto',
          max_tokens: 1,
          messages: [{ role: 'user', content: text }],
        }),
      ),
    ).language
  return (text, language) => {
    if (countWords(text) < FEWEST_WORDS) return true
    const script = SCRIPTS.get(language)
    if (script === undefined) return classifiedAs(text) === language
    if (language === 'zh' && KANA.test(text)) return false
    const letters = text.match(LETTER)?.length ?? 0
    return (text.match(script)?.length ?? 0) >= SCRIPT_SHARE * letters
  }
}
