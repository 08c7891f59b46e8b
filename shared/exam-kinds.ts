/**
 * Which kinds of item the exam of local models has, and what passed kinds earn: the one place where kinds become tasks and
 * trust. Knows no item and asks no model.
 */
import { type TaskTrust, type Trust, trustByTask } from './model-card.ts'
import type { SimpleTask } from './tasks.ts'
import { wilsonInterval } from './wilson-interval.ts'

/** Of each task: what set phrases are a part of, and all else that is asked of it. */
export const EXAM_KINDS: Readonly<
  Record<SimpleTask, { readonly setPhrases: readonly string[]; readonly others: readonly string[] }>
> = {
  simple_chat: {
    setPhrases: ['small_talk'],
    others: ['persona', 'earlier_turns', 'after_topic', 'greeting_languages', 'cannot_know'],
  },
  simple_qa: { setPhrases: [], others: ['easy_fact', 'passage_question', 'cannot_know'] },
  summarization: {
    setPhrases: [],
    others: ['summary_mail', 'summary_news', 'summary_chat', 'summary_dialogue', 'summary_ticket'],
  },
  classification: {
    setPhrases: [],
    others: [
      'one_field',
      'several_fields',
      'own_labels',
      'sentiment',
      'topic',
      'intent',
      'urgency',
      'spam',
      'text_language',
      'yes_no',
      'same_different',
    ],
  },
}

export type KindResult = { readonly kind: string; readonly items: number; readonly passed: number }

/** Fewer items say nothing: even 20 of 20 leave a lower bound of 84 %. */
const FEWEST_ITEMS = 20
/** A kind is trusted where even the lower bound of its share (95 % interval) is as high. */
const TRUSTED_FROM = 0.85

/** Returns the kinds of a task. */
export function kindsOf(task: SimpleTask): readonly string[] {
  return [...EXAM_KINDS[task].setPhrases, ...EXAM_KINDS[task].others]
}

/** Says whether a model may be trusted with what was asked; undefined where too few items were asked to say so. */
export function isTrusted({ items, passed }: Omit<KindResult, 'kind'>): boolean | undefined {
  return items < FEWEST_ITEMS ? undefined : wilsonInterval(passed, items).lower >= TRUSTED_FROM
}

/**
 * Returns what an exam leaves of the trust that a model had: a task is trusted fully where all of its kinds are, and no longer
 * fully where one is not. Kinds of few items are judged together; where all of a task's items are too few, it stays what
 * it was. Set phrases are given for their kinds, never taken: these hold more than set phrases, which a list of their own bounds.
 * @param results of every kind of which anything was asked in the model's languages, a kind once
 */
export function trustByExam(results: readonly KindResult[], before: TaskTrust): TaskTrust {
  const found = (kinds: readonly string[]) => results.filter(({ kind }) => kinds.includes(kind))
  return trustByTask((task): Trust => {
    const verdict = verdictOn(found(kindsOf(task)))
    if (verdict === true || (verdict === undefined && before[task] === 'full')) return 'full'
    if (verdictOn(found(EXAM_KINDS[task].setPhrases)) === true) return 'set_phrases'
    return before[task] === 'full' ? 'none' : before[task]
  })
}

/** False where one part failed, else undefined where one is too small to say. */
function verdictOn(results: readonly KindResult[]): boolean | undefined {
  const large = results.filter(({ items }) => items >= FEWEST_ITEMS)
  const small = results.filter(({ items }) => items > 0 && items < FEWEST_ITEMS)
  const together = { items: sum(small, 'items'), passed: sum(small, 'passed') }
  const parts = [...large, ...(small.length > 0 ? [together] : [])].map(isTrusted)
  if (parts.includes(false)) return false
  return parts.length === 0 || parts.includes(undefined) ? undefined : true
}

function sum(results: readonly KindResult[], key: 'items' | 'passed'): number {
  return results.reduce((total, result) => total + result[key], 0)
}
