/**
 * The classifier's weights, written by scripts/train-router.ts: logistic regression on 4,828 permissively
 * licensed labelled requests, each source weighted by the square root of its size. Not edited by hand.
 */
import type { ClassifierModel } from './classifier.ts'

export const SHIPPED_CLASSIFIER: ClassifierModel = {
  bias: -1.526,
  weights: {
    very_short: -2.193,
    small_talk: -1.292,
    easy_question: 0,
    summary_only: -2.922,
    greeting: -0.023,
    thanks: -1.275,
    about_the_assistant: 0,
    question_of_fact: 0,
    summary_request: 0,
    label_request: -0.69,
    passage_question: 0,
    opinion_chat: 0,
    no_evidence: 2.792,
    code_request: 1.437,
    code_text: 0,
    language_name: 0.539,
    mathematics: 1.013,
    numbers: 0.346,
    proof_or_design: 0.774,
    reasoning_puzzle: 1.448,
    creative_request: 0.895,
    several_steps: 0,
    follow_up: 2.548,
    code_before: 0.869,
    not_latin: 0.849,
    imperative: 1.314,
    question_mark: 0,
  },
}

/** Keeps 95 % of complex requests away from the small model on sources that the fit never saw. */
export const DEFAULT_THRESHOLD = 0.17
