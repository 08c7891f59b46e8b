/**
 * What the local model's card does not cover: tasks that it is not trusted with, languages that it does not speak and,
 * where it is trusted with set phrases only, everything else around them. A simple request stopped here goes to Claude's
 * cheap model, or to the local one after all where there is no Claude.
 */

import type { Trust } from '../../../shared/model-card.ts'
import { isSimpleTask } from '../../../shared/tasks.ts'
import type { Guard, GuardSubject } from './guard.ts'
import { looksEnglish } from './language.ts'
import { isSetPhrase } from './set-phrases.ts'

const LONGEST_SYSTEM = 600
/** Instructions that a small model forgets: who it is it can be told, what it must do it cannot. */
const INSTRUCTION =
  /\b(only|exactly|at (most|least)|must|every|each|always|never|don'?t|do not|(reply|respond|answer|start|begin|end|greet) (each|every|with|in|using|them|the)|output|classif\w*|label\w*|extract|detect|rate|score|translat\w*|rewrite|correct|summari[sz]e|convert|generat\w*|rhym\w*|haiku|poem|caps|uppercase|emoji|format\w*|letters?|words?|characters?|sentences?|languages?|mode|ask for|refuse|list|intent|pars\w*|if the user|(speak|talk|write) like|pirate|yoda|sql|grammar|risk|crisis|protocol|game|json|xml|say)\b/iu

const onSetPhrases = (name: string, stops: (subject: GuardSubject) => boolean): Guard => ({
  name,
  kind: 'trust',
  stops: (subject) => trustOf(subject) === 'set_phrases' && stops(subject),
})

export const TRUST_GUARDS: readonly Guard[] = [
  {
    name: 'local model not trusted with it',
    kind: 'trust',
    stops: (subject) => trustOf(subject) === 'none',
  },
  {
    name: 'local model does not speak the language',
    kind: 'trust',
    // Nothing here tells other languages apart: a model that lists some without English is given what is not English.
    stops: ({ features, local }) => {
      const languages = local?.card.languages ?? null
      if (languages === null) return false
      return looksEnglish(features.lastUserText) ? !languages.includes('en') : onlyEnglish(languages)
    },
  },
  onSetPhrases(
    'local model not trusted with its system prompt',
    ({ features }) => !isPlainPersona(features.systemText),
  ),
  onSetPhrases('local model not trusted with it', ({ features }) => !isSetPhrase(features.lastUserText)),
  // "Thank you" after a death, a refusal or a task is an answer to it, and no set phrase any more.
  onSetPhrases(
    'local model not trusted with what was said before',
    ({ features }) => !features.earlierUserTexts.every(isSetPhrase),
  ),
]

function trustOf({ task, local }: GuardSubject): Trust | undefined {
  return local !== undefined && isSimpleTask(task) ? local.card.trust[task] : undefined
}

function onlyEnglish(languages: readonly string[]): boolean {
  return languages.length === 1 && languages[0] === 'en'
}

function isPlainPersona(system: string): boolean {
  return system.length <= LONGEST_SYSTEM && !INSTRUCTION.test(system) && looksEnglish(system)
}
