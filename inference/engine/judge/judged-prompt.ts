/**
 * Which tokens of a prompt a judge reads, and from where on it looks at them: the last user turn, and of a long prompt its
 * beginning and its end. Runs no model.
 */
import type { Prompt } from '../engine.ts'
import type { EncodePrompt } from '../text/prompt.ts'
import type { JudgeFeatures } from './judge-head.ts'

export type JudgedPrompt = {
  /** Token ids that are read. */
  readonly ids: readonly number[]
  /** Where the last user turn begins among them. */
  readonly from: number
  /** Where it has ended: the position after the first token that the template puts behind it. */
  readonly turnEnd: number
}

/**
 * Returns what is read of a prompt.
 * @param ids of the whole prompt, at least one; the same array is returned where all of it is read
 */
export function judgedPrompt(
  prompt: Prompt,
  ids: readonly number[],
  encode: EncodePrompt,
  { head, tail }: JudgeFeatures['longest'],
): JudgedPrompt {
  const { start, closing } = lastTurn(prompt, ids, encode)
  const left = ids.length - head - tail
  if (left <= 0) return { ids, from: start, turnEnd: endOf(ids.length, start, closing) }
  const from = start < head ? start : Math.max(head, start - left)
  return {
    ids: [...ids.slice(0, head), ...ids.slice(-tail)],
    from,
    turnEnd: endOf(head + tail, from, closing),
  }
}

function endOf(length: number, from: number, closing: number): number {
  return Math.max(from, length - Math.max(1, closing - 1))
}

/** Where the last user turn begins, and how many tokens follow it: those that are the same where it says something else. */
function lastTurn({ system, turns }: Prompt, ids: readonly number[], encode: EncodePrompt) {
  const at = turns.findLastIndex(({ role }) => role === 'user')
  const said = turns[at]?.text.trim() ?? ''
  const text = ['a', '1', '?'].find((other) => !said.startsWith(other) && !said.endsWith(other)) ?? 'a'
  const others = encode({ system, turns: [...turns.slice(0, Math.max(0, at)), { role: 'user', text }] })
  let start = 0
  while (start < ids.length - 1 && ids[start] === others[start]) start++
  let closing = 0
  while (closing < ids.length - start && ids.at(-1 - closing) === others.at(-1 - closing)) closing++
  return { start, closing }
}
