/**
 * The classifier's weights, written by scripts/train-router.ts: logistic regression on 4,828 permissively
 * licensed labelled requests, each source weighted by the square root of its size. Not edited by hand.
 */
import type { ClassifierModel } from './classifier.ts'

export const SHIPPED_CLASSIFIER: ClassifierModel = {
  bias: -1.562,
  weights: {
    very_short: -2.129,
    small_talk: -1.296,
    easy_question: 0.0,
    summary_only: -2.925,
    greeting: -0.075,
    thanks: -1.277,
    about_the_assistant: 0.0,
    question_of_fact: 0.0,
    summary_request: 0.0,
    label_request: -0.69,
    passage_question: 0.0,
    opinion_chat: 0.0,
    no_evidence: 2.804,
    code_request: 1.453,
    code_text: 0.0,
    language_name: 0.507,
    mathematics: 0.984,
    numbers: 0.312,
    proof_or_design: 0.31,
    reasoning_puzzle: 1.36,
    creative_request: 0.967,
    several_steps: 0.0,
    follow_up: 2.531,
    code_before: 0.855,
    not_latin: 0.897,
    imperative: 1.35,
    question_mark: 0.0,
  },
}

/** Keeps 95 % of complex requests away from the small model on sources that the fit never saw. */
export const DEFAULT_THRESHOLD = 0.17
