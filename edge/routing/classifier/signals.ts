/**
 * Measures of a request's text, each between 0 and 1, that speak for or against a small model.
 * Pure, over texts that `features.ts` bounds; which way each points is for `weights.ts` to say.
 */
import type { Features } from '../features.ts'
import { plain, withoutOpening } from '../plain-text.ts'
import {
  ABOUT_ASSISTANT,
  ANOTHER_STEP,
  CODE_REQUEST,
  CODE_TEXT,
  CREATIVE,
  DERIVATION,
  FOLLOW_UP,
  GREETING,
  IMPERATIVE,
  LABEL,
  LANGUAGE_NAME,
  MATHEMATICS,
  NOT_LATIN,
  OPINION,
  PASSAGE,
  POLITENESS,
  PROOF_OR_DESIGN,
  PUZZLE,
  QUESTION_OF_FACT,
  SEVERAL_STEPS,
  SUMMARY,
  THANKS,
} from '../vocabulary.ts'

export type Signals = Readonly<Record<SignalName, number>>

/** Each signal and the way it may point, so that no accident of the training data turns it round. */
export const SIGNAL_DIRECTIONS = {
  very_short: 'local',
  small_talk: 'local',
  easy_question: 'local',
  summary_only: 'local',
  greeting: 'local',
  thanks: 'local',
  about_the_assistant: 'local',
  question_of_fact: 'local',
  summary_request: 'local',
  label_request: 'local',
  passage_question: 'local',
  opinion_chat: 'local',
  no_evidence: 'claude',
  code_request: 'claude',
  code_text: 'claude',
  language_name: 'claude',
  mathematics: 'claude',
  numbers: 'claude',
  proof_or_design: 'claude',
  reasoning_puzzle: 'claude',
  creative_request: 'claude',
  several_steps: 'claude',
  follow_up: 'claude',
  code_before: 'claude',
  not_latin: 'either',
  imperative: 'claude',
  question_mark: 'local',
} as const
export type SignalName = keyof typeof SIGNAL_DIRECTIONS
export const SIGNAL_NAMES = Object.keys(SIGNAL_DIRECTIONS) as readonly SignalName[]

/** What is left of small talk after its greeting, and is still small talk: "there", "number 7", "once more". */
const REMNANT_WORDS = 4
const REMNANT_CHARACTERS = 25

/** Returns every signal of a request. */
export function measureSignals(features: Features): Signals {
  const whole = withoutOpening(plain(features.lastUserText))
  const core = withoutPoliteness(whole)
  // A greeting in front makes nothing easier: what counts is what is asked after it.
  const text = core === '' ? whole : core
  const words = text.split(/\s+/).filter((word) => word !== '').length
  const characters = Math.max(features.lastUserCharacters, 1)
  const codeText = CODE_TEXT.test(features.lastUserText)
  const codeRequest = CODE_REQUEST.test(text)
  const languageName = LANGUAGE_NAME.test(text)
  const mathematics = MATHEMATICS.test(text)
  const proofOrDesign = PROOF_OR_DESIGN.test(text)
  const puzzle = PUZZLE.test(text)
  const creative = CREATIVE.test(text)
  const demanding =
    codeText || codeRequest || languageName || mathematics || proofOrDesign || puzzle || creative
  const codeBefore = CODE_TEXT.test(features.earlierText)
  const followUp = FOLLOW_UP.test(text)
  const hardBefore = codeBefore && followUp
  const greets = GREETING.test(whole)
  const polite = core !== whole || greets || THANKS.test(whole)
  const onlyPolite = polite && isRemnant(core, words, demanding)
  const aboutAssistant = characters < 160 && ABOUT_ASSISTANT.test(text)
  const summary = SUMMARY.test(text)
  const summaryOnly = summary && !codeRequest && !creative && !ANOTHER_STEP.test(text)
  const smallTalk = (onlyPolite || aboutAssistant) && characters < 160 && !demanding && !hardBefore
  const fact = characters < 160 && QUESTION_OF_FACT.test(text)
  const label = !demanding && LABEL.test(text)
  const passage = characters > 300 && PASSAGE.test(text)
  const opinion = characters < 300 && OPINION.test(text)
  const one = (holds: boolean) => (holds ? 1 : 0)
  return {
    very_short: one(characters <= 60 && !DERIVATION.test(text)),
    small_talk: one(smallTalk),
    easy_question: one(fact && characters < 120 && !demanding && !hardBefore),
    summary_only: one(summaryOnly),
    greeting: one(onlyPolite && greets),
    thanks: one(onlyPolite && THANKS.test(whole)),
    about_the_assistant: one(aboutAssistant),
    question_of_fact: one(fact),
    summary_request: one(summary),
    label_request: one(label),
    passage_question: one(passage),
    opinion_chat: one(opinion),
    // The absence of evidence for a simple task is evidence against it.
    no_evidence: one(!(smallTalk || fact || summaryOnly || label || passage || opinion)),
    code_request: one(codeRequest),
    code_text: one(codeText),
    language_name: one(languageName),
    // Figures and arguments in a text to be summarised are its matter, not the task.
    mathematics: one(!summaryOnly && mathematics),
    numbers: summaryOnly ? 0 : saturate(count(text, /\d+/g) / 8),
    proof_or_design: one(!summaryOnly && proofOrDesign),
    reasoning_puzzle: one(puzzle),
    creative_request: one(creative),
    several_steps: one(SEVERAL_STEPS.test(text)),
    follow_up: one(features.turns > 1 && characters < 200 && followUp),
    code_before: one(codeBefore),
    // A greeting is one in every script.
    not_latin: smallTalk ? 0 : saturate(count(text, NOT_LATIN) / Math.max(words, text.length / 4, 1)),
    imperative: one(IMPERATIVE.test(text)),
    question_mark: one(/[?？]\s*$/.test(text)),
  }
}

/** Cuts greetings, thanks and "please" off the beginning, as many as there are. */
function withoutPoliteness(text: string): string {
  return withoutOpening(text.replace(POLITENESS, '')).trim()
}

function isRemnant(core: string, words: number, demanding: boolean): boolean {
  if (core === '') return true
  if (demanding || IMPERATIVE.test(core) || QUESTION_OF_FACT.test(core)) return false
  if (ABOUT_ASSISTANT.test(core) || THANKS.test(core)) return core.length < 100
  const asks = /[?？]/.test(core)
  return words <= (asks ? 2 : REMNANT_WORDS) && core.length <= REMNANT_CHARACTERS
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function saturate(value: number): number {
  return Math.min(1, Math.max(0, value))
}
