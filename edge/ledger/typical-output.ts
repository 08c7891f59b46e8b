/**
 * How long answers usually are, for prices of what nobody has answered yet. The one place of this assumption; what an
 * answer did take is the receipt's business.
 */
import type { Task } from '../../shared/tasks.ts'

/** The median of what assistants answered to hard requests in public conversations was 430 to 520. */
const COMPLEX = 500

/**
 * Tokens of a usual answer, counted as `estimateTokens` does. Of simple tasks: the medians of the 2,450 short answers that
 * were written first to tune and to test the shipped model.
 */
export const TYPICAL_OUTPUT_TOKENS: Readonly<Record<Task, number>> = {
  simple_chat: 20,
  simple_qa: 13,
  summarization: 50,
  classification: 3,
  code_generation: COMPLEX,
  tool_use: COMPLEX,
  complex_reasoning: COMPLEX,
  multi_step: COMPLEX,
  creative_writing: COMPLEX,
  other: COMPLEX,
}

/** Returns the tokens to expect of an answer: as many as usual, and no more than it may have. */
export function expectedOutputTokens(task: Task, maxTokens: number): number {
  return Math.min(maxTokens, TYPICAL_OUTPUT_TOKENS[task])
}
