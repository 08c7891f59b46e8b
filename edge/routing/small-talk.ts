/**
 * What a turn asks without the small talk around it: a request is as hard as it is however kindly it is wrapped. Knows
 * the set phrases of English only; of other languages the classifier has learned that such words weigh nothing.
 */
import { isSetPhrase } from './guards/set-phrases.ts'
import { SAYS_SOMETHING } from './plain-text.ts'

const SENTENCE = /[^.!?。！？\n]*[.!?。！？\n]+\s*|[^.!?。！？\n]+$/g
/** No set phrase, because the shipped model answers it badly; small talk all the same. */
const HOW_ARE_YOU = /^\W{0,5}how are you\W{0,5}$/i
/** Looked at from each end. */
const MOST_SENTENCES = 8

/** Returns the text without small talk in front of it and behind it; undefined where there is none, or nothing else. */
export function withoutSmallTalk(text: string): string | undefined {
  const sentences = text.match(SENTENCE) ?? []
  const isSmallTalk = (sentence: string | undefined) =>
    sentence !== undefined && (sentence.trim() === '' || isSetPhrase(sentence) || HOW_ARE_YOU.test(sentence))
  let from = 0
  let to = sentences.length
  while (from < Math.min(to, MOST_SENTENCES) && isSmallTalk(sentences[from])) from++
  const least = Math.max(from, to - MOST_SENTENCES)
  while (to > least && isSmallTalk(sentences[to - 1])) to--
  if (from === to || to - from === sentences.length) return undefined
  const rest = sentences.slice(from, to).join('').trim()
  return SAYS_SOMETHING.test(rest) ? rest : undefined
}
