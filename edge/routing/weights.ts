/**
 * The classifier's weights, written by scripts/train-router.ts: logistic regression on 4,828 permissively
 * licensed labelled requests, each source weighted by the square root of its size. Not edited by hand.
 */
import type { SignalName } from './signals.ts'

export const BIAS = 0.758

export const WEIGHTS: Readonly<Record<SignalName, number>> = {
  very_short: -2.164,
  small_talk: -0.026,
  easy_question: -0.438,
  summary_only: -0.685,
  greeting: -0.19,
  thanks: -2.106,
  about_the_assistant: 0.0,
  question_of_fact: -0.261,
  summary_request: -0.473,
  label_request: -2.896,
  passage_question: -1.931,
  opinion_chat: -1.394,
  code_request: 1.485,
  code_text: 0.0,
  language_name: 0.687,
  mathematics: 0.832,
  numbers: 1.263,
  proof_or_design: 0.1,
  reasoning_puzzle: 1.351,
  creative_request: 1.022,
  several_steps: 0.0,
  follow_up: 2.438,
  code_before: 0.716,
  not_latin: 0.643,
  imperative: 1.299,
  question_mark: 0.0,
}

/** Keeps 95 % of complex requests away from the small model on sources that the fit never saw. */
export const DEFAULT_THRESHOLD = 0.22
