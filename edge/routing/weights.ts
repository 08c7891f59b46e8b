/**
 * The classifier's weights, written by scripts/train-router.ts: logistic regression on 4,828 permissively
 * licensed labelled requests, each source weighted by the square root of its size. Not edited by hand.
 */
import type { SignalName } from './signals.ts'

export const BIAS = 0.799

export const WEIGHTS: Readonly<Record<SignalName, number>> = {
  very_short: -2.23,
  small_talk: 0.0,
  easy_question: -0.425,
  summary_only: -2.945,
  greeting: -0.227,
  thanks: -2.1,
  about_the_assistant: 0.0,
  question_of_fact: -0.272,
  summary_request: 0.0,
  label_request: -2.914,
  passage_question: -1.825,
  opinion_chat: -1.409,
  code_request: 1.486,
  code_text: 0.0,
  language_name: 0.655,
  mathematics: 0.805,
  numbers: 1.215,
  proof_or_design: 0.281,
  reasoning_puzzle: 1.277,
  creative_request: 0.895,
  several_steps: 0.0,
  follow_up: 2.453,
  code_before: 0.718,
  not_latin: 0.999,
  imperative: 1.309,
  question_mark: 0.0,
}

/** Keeps 95 % of complex requests away from the small model on sources that the fit never saw. */
export const DEFAULT_THRESHOLD = 0.21
