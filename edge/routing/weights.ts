/**
 * The classifier's weights, written by scripts/train-router.ts: logistic regression on 4,828 permissively
 * licensed labelled requests, each source weighted by the square root of its size. Not edited by hand.
 */
import type { SignalName } from './signals.ts'

export const BIAS = -0.696

export const WEIGHTS: Readonly<Record<SignalName, number>> = {
  very_short: -2.023,
  small_talk: -1.318,
  easy_question: 0.0,
  summary_only: -2.93,
  greeting: -0.148,
  thanks: -1.357,
  about_the_assistant: 0.0,
  question_of_fact: 0.0,
  summary_request: 0.0,
  label_request: -1.246,
  passage_question: -0.236,
  opinion_chat: -0.46,
  no_evidence: 1.649,
  code_request: 1.326,
  code_text: 0.0,
  language_name: 0.506,
  mathematics: 0.901,
  numbers: 0.473,
  proof_or_design: 0.187,
  reasoning_puzzle: 1.098,
  creative_request: 0.821,
  several_steps: 0.0,
  follow_up: 2.372,
  code_before: 0.821,
  not_latin: 1.039,
  imperative: 1.506,
  question_mark: 0.0,
}

/** Keeps 95 % of complex requests away from the small model on sources that the fit never saw. */
export const DEFAULT_THRESHOLD = 0.26
