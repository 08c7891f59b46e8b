/**
 * What a decision model is shown of a request, and what it is asked: as much as a judgement needs, not the whole
 * conversation. Pure; asks nobody.
 */
import { COMPLEX_QUESTION, type DecisionRequest } from '../../../shared/decision-model.ts'
import type { Features } from '../features.ts'
import { clip } from '../plain-text.ts'

/** The parts of a request that are shown; all of them are bounded already. */
export type SeenRequest = Pick<Features, 'lastUserText' | 'systemText' | 'earlierTurns'>

/** Of a system prompt, who the model is said to be and how it is to answer stand at its ends. */
const SYSTEM_HEAD = 400
const SYSTEM_TAIL = 200

const INSTRUCTIONS = 'Is the last message of this conversation a request that needs a large language model?'
const CRITERIA = {
  true: 'Answering well takes expertise, reasoning in several steps, code, mathematics, long or careful writing, or facts that few know.',
  false:
    'A very small model answers it well: small talk, thanks, a set phrase, a fact that everybody knows, or a short text to label or sum up.',
} as const

/** Returns the question whether a request is complex, about the end of its conversation. */
export function complexQuestion({ lastUserText, systemText, earlierTurns }: SeenRequest): DecisionRequest {
  const system = clip(systemText, SYSTEM_HEAD, SYSTEM_TAIL)
  const exchange = earlierTurns.slice(-2)
  // A follow-up means little without what it follows; half an exchange is no conversation.
  const before = exchange[0]?.role === 'user' && exchange[1]?.role === 'assistant' ? exchange : []
  const messages = [...before, { role: 'user', text: lastUserText }]
    .filter(({ text }) => text !== '')
    .map(({ role, text }) => ({ role, content: text }))
  return {
    state: { ...(system === '' ? {} : { system }), messages },
    questions: { [COMPLEX_QUESTION]: { type: 'noul', instructions: INSTRUCTIONS, criteria: CRITERIA } },
  }
}
