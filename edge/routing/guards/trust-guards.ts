/**
 * What the local model's card does not cover: tasks that it is not trusted with, languages that it does not speak and,
 * where it is trusted with set phrases only, everything else around them. A simple request stopped here goes to Claude's
 * cheap model, or to the local one after all where there is no Claude.
 */
import type { ModelCard, Trust } from '../../../shared/model-card.ts'
import type { Features } from '../features.ts'
import { plain } from '../plain-text.ts'
import type { Guard, GuardSubject } from './guard.ts'
import { looksEnglish } from './language.ts'
import { isSetPhrase } from './set-phrases.ts'

const LONGEST_SYSTEM = 600
/** Instructions that a small model forgets: who it is it can be told, what it must do it cannot. */
const INSTRUCTION =
  /\b(only|exactly|at (most|least)|must|every|each|always|never|don'?t|do not|(reply|respond|answer|start|begin|end|greet) (each|every|with|in|using|them|the)|output|classif\w*|label\w*|extract|detect|rate|score|translat\w*|rewrite|correct|summari[sz]e|convert|generat\w*|rhym\w*|haiku|poem|caps|uppercase|emoji|format\w*|letters?|words?|characters?|sentences?|languages?|mode|ask for|refuse|list|intent|pars\w*|if the user|(speak|talk|write) like|pirate|yoda|sql|grammar|risk|crisis|protocol|game|json|xml|say)\b/
/** A conversation of more turns is about something; no more of them are kept either. */
const MOST_TURNS = 20
/** What answers small talk is short; whatever is longer may be what the next "thank you" is about. */
const LONGEST_SMALL_ANSWER = 300

/** A request that is not simple is not the card's business: other guards and the score keep it away. */
const trust = (
  name: string,
  stops: (subject: GuardSubject, level: Trust, card: ModelCard) => boolean,
): Guard => ({
  name,
  kind: 'trust',
  stops: (subject) => {
    const { simpleTask, complex, local } = subject
    return local !== undefined && !complex && stops(subject, local.card.trust[simpleTask], local.card)
  },
})

export const TRUST_GUARDS: readonly Guard[] = [
  trust('local model not trusted with it', (_, level) => level === 'none'),
  // To choose among given answers and to fill in fields is to classify and to extract, whatever the words around it.
  trust(
    'local model not trusted with structured output',
    ({ features }, _, card) => features.structuredOutput && card.trust.classification !== 'full',
  ),
  // Nothing here tells other languages apart: a model that lists some without English is given what is not English.
  trust('local model does not speak the language', ({ features }, _, { languages }) => {
    if (languages === null) return false
    const isEnglish = looksEnglish(features.lastUserText)
    return !languages.some((language) => (language === 'en') === isEnglish)
  }),
  trust(
    'local model not trusted with its system prompt',
    ({ features }, level) => level === 'set_phrases' && !isPlainPersona(features.systemText),
  ),
  trust(
    'local model not trusted with it',
    ({ features }, level) => level === 'set_phrases' && !isSetPhrase(features.lastUserText),
  ),
  // "Thank you" after a death, a refusal or a task is an answer to it, and no set phrase any more.
  trust(
    'local model not trusted with what was said before',
    ({ features }, level) => level === 'set_phrases' && !isSmallTalkSoFar(features),
  ),
]

function isPlainPersona(system: string): boolean {
  return system.length <= LONGEST_SYSTEM && !INSTRUCTION.test(plain(system)) && looksEnglish(system)
}

function isSmallTalkSoFar({ earlierTurns, turns }: Features): boolean {
  return (
    turns <= MOST_TURNS &&
    earlierTurns.every(({ role, text }) =>
      role === 'user' ? isSetPhrase(text) : text.length <= LONGEST_SMALL_ANSWER,
    )
  )
}
