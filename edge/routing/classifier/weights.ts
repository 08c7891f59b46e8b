/**
 * The classifier's weights, written by scripts/train-router.ts: logistic regression on 4,828 permissively
 * licensed labelled requests, each source weighted by the square root of its size. Not edited by hand.
 */
import type { ClassifierModel } from './classifier.ts'

export const SHIPPED_CLASSIFIER: ClassifierModel = {
  bias: -1.616,
  weights: {
    very_short: -2.134,
    small_talk: -1.307,
    easy_question: 0,
    summary_only: -2.922,
    greeting: -0.022,
    thanks: -1.266,
    about_the_assistant: 0,
    question_of_fact: 0,
    summary_request: 0,
    label_request: -0.654,
    passage_question: 0,
    opinion_chat: 0,
    no_evidence: 2.804,
    code_request: 1.469,
    code_text: 0,
    language_name: 0.586,
    mathematics: 1.119,
    numbers: 0.294,
    proof_or_design: 0.68,
    reasoning_puzzle: 1.484,
    creative_request: 0.926,
    several_steps: 0,
    follow_up: 2.571,
    code_before: 0.852,
    not_latin: 0.89,
    imperative: 1.35,
    question_mark: 0,
  },
}

/** Keeps 95 % of complex requests away from the small model on sources that the fit never saw. */
export const DEFAULT_THRESHOLD = 0.18
