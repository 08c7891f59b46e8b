/**
 * What a model that is not trusted with facts may still be given: small talk in set phrases under a plain system prompt,
 * and summaries of a text that is there. Pure. Larger models are not held to this.
 */
import type { Verdict } from './classifier.ts'
import type { Features } from './features.ts'
import { looksEnglish } from './language.ts'
import { isSmallTalk } from './small-talk.ts'
import { ANOTHER_STEP, CODE_TEXT } from './vocabulary.ts'

const LONGEST_SYSTEM = 600
/** Instructions that a small model forgets: who it is it can be told, what it must do it cannot. */
const INSTRUCTION =
  /\b(only|exactly|at (most|least)|must|every|each|always|never|don'?t|do not|(reply|respond|answer|start|begin|end|greet) (each|every|with|in|using|them|the)|output|classif\w*|label\w*|extract|detect|rate|score|translat\w*|rewrite|correct|summari[sz]e|convert|generat\w*|rhym\w*|haiku|poem|caps|uppercase|emoji|format\w*|letters?|words?|characters?|sentences?|languages?|mode|ask for|refuse|list|intent|pars\w*|if the user|(speak|talk|write) like|pirate|yoda|sql|grammar|risk|crisis|protocol|game|json|xml|say)\b/iu

/** Shorter than this there is nothing to be summarised. */
const SHORTEST_MATTER = 60
const MATTER = /[:\n]\s*([\s\S]+)$/u
/** A second thing that is wanted of the summary, or a form of it. */
const SECOND_TASK =
  /\b(exactly|bullet|json|table|caps|rhym\w*|rap|poem|starting with|ending with|instead|compare|calculate|comput\w*|total|whether|which one|tell me|rewrite|legally|bugs?|step)\b|\{\s*"/iu

/** Returns why a small model should not get a request that is simple as such, or undefined. */
export function smallModelDoubt(features: Features, verdict: Verdict): string | undefined {
  if (!isPlainPersona(features.systemText)) return 'local model not trusted with its system prompt'
  if (verdict.task === 'simple_chat' && !isSmallTalk(features.lastUserText))
    return 'local model not trusted with it'
  if (verdict.task === 'summarization' && !isPlainSummary(features.lastUserText))
    return 'local model not trusted with it'
  return undefined
}

function isPlainPersona(system: string): boolean {
  return system.length <= LONGEST_SYSTEM && !INSTRUCTION.test(system) && looksEnglish(system)
}

function isPlainSummary(text: string): boolean {
  const matter = MATTER.exec(text)?.[1] ?? ''
  const instruction = text.slice(0, text.length - matter.length)
  if (matter.length < SHORTEST_MATTER || CODE_TEXT.test(matter)) return false
  return !SECOND_TASK.test(instruction) && !ANOTHER_STEP.test(instruction)
}
