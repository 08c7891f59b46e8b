/**
 * Puts the items of an exam to a loaded model, as many at once as it answers. Decides nothing of what the answers earn.
 */
import type { Engine } from '../../inference/engine/engine.ts'
import { toGenerateRequest } from '../../inference/http/generate-request.ts'
import type { Limits } from '../../inference/serving/limits.ts'
import { RouterError } from '../../shared/errors.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import { type ExamAnswer, failedChecks, type IsInLanguage } from './checks.ts'
import type { ExamItem } from './exam-item.ts'

export type ExamOutcome = {
  readonly item: ExamItem
  readonly answer: ExamAnswer
  readonly tokens: number
  /** Of the answer's tokens and the one that ended it, natural logs, where they were asked for. */
  readonly logprobs?: readonly number[]
  /** How probable it was that the model would only guess; absent where it was not weighed. */
  readonly handoverScore?: number
  /** Until the answer was whole, ms, beside the others that were being answered. */
  readonly ms: number
  /** What does not hold, in words; empty where the answer passes. */
  readonly failures: readonly string[]
}

/** No answer that passes is nearly as long; one that never ends is cut. Tokens. */
const LONGEST_ANSWER = 256
/** What the router then asks of Claude: the model hands over, or the prompt is too long for it. */
const ANSWERED_BY_ANOTHER: ReadonlySet<RouterError['code']> = new Set([
  'declined',
  'low_confidence',
  'unsupported',
])

export type ExaminationOptions = {
  readonly engine: Pick<Engine, 'generate'>
  /** What the container would take and give. */
  readonly limits: Limits
  /** What the router asks of a model that hands over; undefined for one that does not. */
  readonly handoverThreshold?: number | undefined
  /** Whether outcomes must tell log-probabilities; absent: they need not. */
  readonly logprobs?: boolean
  /** Requests that are answered at once. */
  readonly rows: number
  readonly isInLanguage: IsInLanguage
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Told after each answer. */
  readonly onOutcome?: (outcome: ExamOutcome) => void
}

/**
 * Returns what became of each item, in their order. Answers are greedy, so the same model gives the same ones.
 * @throws {RouterError} where the model cannot answer at all
 */
export async function examine(
  items: readonly ExamItem[],
  options: ExaminationOptions,
): Promise<readonly ExamOutcome[]> {
  const outcomes: ExamOutcome[] = []
  const waiting = items.entries()
  // All workers take from one iterator.
  const work = async () => {
    for (const [at, item] of waiting) {
      const outcome = await ask(item, options)
      outcomes[at] = outcome
      options.onOutcome?.(outcome)
    }
  }
  await Promise.all(Array.from({ length: options.rows }, work))
  return outcomes
}

async function ask(item: ExamItem, options: ExaminationOptions): Promise<ExamOutcome> {
  const { engine, limits, handoverThreshold, logprobs, isInLanguage, now } = options
  const { system, messages } = item
  const request = parseMessagesRequest({
    model: 'local',
    max_tokens: LONGEST_ANSWER,
    temperature: 0,
    messages,
    ...(system === null ? {} : { system }),
  })
  const startedAt = now()
  let text = ''
  let tokens = 0
  let declined = false
  let told: Pick<ExamOutcome, 'logprobs' | 'handoverScore'> = {}
  try {
    const asked = { ...toGenerateRequest(request, limits), handoverThreshold, logprobs }
    const events = engine.generate(asked, new AbortController().signal)
    for await (const event of events)
      if (event.type === 'text') text += event.text
      else if (event.type === 'weighed') told = { handoverScore: event.score }
      else if (event.type === 'end') {
        tokens = event.outputTokens
        if (event.logprobs) told = { ...told, logprobs: event.logprobs }
      }
  } catch (error) {
    if (!(error instanceof RouterError && ANSWERED_BY_ANOTHER.has(error.code))) throw error
    declined = true
  }
  const answer: ExamAnswer = declined ? { declined } : { declined: false, text }
  const failures = failedChecks(item, answer, isInLanguage)
  return { item, answer, tokens, ...told, ms: now() - startedAt, failures }
}
