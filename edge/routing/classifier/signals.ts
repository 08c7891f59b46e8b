/**
 * Measures of a request's text, each between 0 and 1, that speak for or against a small model.
 * Pure and linear in the text's length; which way each points is for `weights.ts` to say.
 */
import type { Features } from '../features.ts'
import {
  ABOUT_ASSISTANT,
  ANOTHER_STEP,
  CODE_REQUEST,
  CODE_TEXT,
  CREATIVE,
  DERIVATION,
  FOLLOW_UP,
  GREETING,
  HARD,
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

const HEAD_CHARACTERS = 4_000
const TAIL_CHARACTERS = 2_000

/** What is left of small talk after its greeting, and is still small talk: "there", "number 7", "once more". */
const REMNANT_WORDS = 4
const REMNANT_CHARACTERS = 25

/** Returns every signal of a request. */
export function measureSignals(features: Features): Signals {
  const whole = clip(features.lastUserText)
  const core = withoutPoliteness(whole)
  // A greeting in front makes nothing easier: what counts is what is asked after it.
  const text = core === '' ? whole : core
  const words = text.split(/\s+/).filter((word) => word !== '').length
  const characters = Math.max(features.lastUserText.length, 1)
  const has = (pattern: RegExp) => (pattern.test(text) ? 1 : 0)
  const demanding = HARD.some((pattern) => pattern.test(text))
  const hardBefore = CODE_TEXT.test(features.earlierText) && FOLLOW_UP.test(text)
  const polite = core !== whole.trim() || GREETING.test(whole) || THANKS.test(whole)
  const onlyPolite = polite && isRemnant(core, words, demanding)
  const aboutAssistant = characters < 160 && ABOUT_ASSISTANT.test(text)
  const summaryOnly =
    SUMMARY.test(text) && !CODE_REQUEST.test(text) && !CREATIVE.test(text) && !ANOTHER_STEP.test(text)
  const derivation = DERIVATION.test(text)
  const smallTalk = (onlyPolite || aboutAssistant) && characters < 160 && !demanding && !hardBefore
  const fact = characters < 160 && QUESTION_OF_FACT.test(text)
  const label = !demanding && LABEL.test(text)
  const passage = characters > 300 && PASSAGE.test(text)
  const opinion = characters < 300 && OPINION.test(text)
  return {
    very_short: characters <= 60 && !derivation ? 1 : 0,
    small_talk: smallTalk ? 1 : 0,
    easy_question: fact && characters < 120 && !demanding && !hardBefore ? 1 : 0,
    summary_only: summaryOnly ? 1 : 0,
    greeting: onlyPolite && GREETING.test(whole) ? 1 : 0,
    thanks: onlyPolite && THANKS.test(whole) ? 1 : 0,
    about_the_assistant: aboutAssistant ? 1 : 0,
    question_of_fact: fact ? 1 : 0,
    summary_request: has(SUMMARY),
    label_request: label ? 1 : 0,
    passage_question: passage ? 1 : 0,
    opinion_chat: opinion ? 1 : 0,
    // Nothing says that it is easy, so nobody should believe that it is.
    no_evidence: smallTalk || fact || summaryOnly || label || passage || opinion ? 0 : 1,
    code_request: has(CODE_REQUEST),
    code_text: has(CODE_TEXT),
    language_name: has(LANGUAGE_NAME),
    // Figures and arguments in a text to be summarised are its matter, not the task.
    mathematics: summaryOnly ? 0 : has(MATHEMATICS),
    numbers: summaryOnly ? 0 : saturate(count(text, /\d+/g) / 8),
    proof_or_design: summaryOnly ? 0 : has(PROOF_OR_DESIGN),
    reasoning_puzzle: has(PUZZLE),
    creative_request: has(CREATIVE),
    several_steps: has(SEVERAL_STEPS),
    follow_up: features.turns > 1 && characters < 200 ? has(FOLLOW_UP) : 0,
    code_before: features.earlierText !== '' && CODE_TEXT.test(features.earlierText) ? 1 : 0,
    // A greeting is one in every script.
    not_latin: smallTalk ? 0 : saturate(count(text, NOT_LATIN) / Math.max(words, characters / 4)),
    imperative: has(IMPERATIVE),
    question_mark: /[?？]\s*$/.test(text) ? 1 : 0,
  }
}

/** Cuts greetings, thanks and "please" off the beginning, as many as there are. */
function withoutPoliteness(text: string): string {
  let rest = text.trim()
  for (let rounds = 0; rounds < 4; rounds++) {
    const next = rest.replace(POLITENESS, '').trim()
    if (next === rest) break
    rest = next
  }
  return rest
}

function isRemnant(core: string, words: number, demanding: boolean): boolean {
  if (core === '') return true
  if (demanding || IMPERATIVE.test(core) || QUESTION_OF_FACT.test(core)) return false
  if (ABOUT_ASSISTANT.test(core) || THANKS.test(core)) return core.length < 100
  const asks = /[?？]/.test(core)
  return words <= (asks ? 2 : REMNANT_WORDS) && core.length <= REMNANT_CHARACTERS
}

/** The beginning and the end of a long text: what is asked stands there, what it is about in between. */
function clip(text: string): string {
  if (text.length <= HEAD_CHARACTERS + TAIL_CHARACTERS) return text
  return `${text.slice(0, HEAD_CHARACTERS)}\n${text.slice(-TAIL_CHARACTERS)}`
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function saturate(value: number): number {
  return Math.min(1, Math.max(0, value))
}
