/**
 * A receipt as a row that `npm run train-answers` could learn from, once the operator has written its answer: what the local
 * model declined, failed at or answered badly. Pure; the format is that of `training/answer-rows.ts`.
 */
import * as z from 'zod/mini'
import { isSimpleTask, type Task, taskNamed } from '../../shared/tasks.ts'
import type { KeptReceipt } from './receipt-record.ts'

export type AnswerCandidate = {
  readonly id: string
  /** The cause of the fallback, or the feedback. */
  readonly why: string
  /** Left out where the router took the request for complex: whoever writes the answer knows better. */
  readonly task?: Task
  readonly system: string | null
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  /** What the local model had said; Claude's words are no training data, by its terms. */
  readonly was?: string
  /** To be written: an empty one is refused. */
  readonly answer: ''
}

const textBlock = z.object({ type: z.literal('text'), text: z.string() })
const said = z.union([z.string(), z.array(textBlock)])
const requestSchema = z.object({
  system: z.nullish(said),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant']), content: said })),
})

/**
 * Returns the row, or undefined where nothing went wrong locally, or the request was not kept whole, is not only text or began
 * the answer itself.
 */
export function answerCandidate(receipt: KeptReceipt): AnswerCandidate | undefined {
  const why = whatWentWrong(receipt)
  if (why === undefined || receipt.content === undefined) return undefined
  const request = requestSchema.safeParse(parseJson(receipt.content.request))
  if (!request.success) return undefined
  const { system, messages } = request.data
  const turns = turnsOf(messages)
  if (turns.at(-1)?.role !== 'user') return undefined
  const task = taskNamed(receipt.task)
  const answer = said.safeParse(parseJson(receipt.content.answer))
  return {
    id: receipt.id,
    why,
    ...(task !== undefined && isSimpleTask(task) ? { task } : {}),
    system: textOf(system ?? '') || null,
    messages: turns,
    ...(receipt.route === 'local' && answer.success ? { was: textOf(answer.data) } : {}),
    answer: '',
  }
}

function whatWentWrong({ route, feedback, fallback }: KeptReceipt): string | undefined {
  if (route === 'local') return feedback === 'bad' || feedback === 'should_be_claude' ? feedback : undefined
  return fallback ?? undefined
}

/** As the local model was asked: neighbours of one role are one turn (inference/http/generate-request.ts). */
function turnsOf(messages: z.infer<typeof requestSchema>['messages']): AnswerCandidate['messages'] {
  const turns: { role: string; content: string }[] = []
  for (const { role, content } of messages) {
    const text = textOf(content)
    const last = turns.at(-1)
    if (last?.role === role) last.content += `\n\n${text}`
    else turns.push({ role, content: text })
  }
  return turns
}

function textOf(content: z.infer<typeof said>): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('\n')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
