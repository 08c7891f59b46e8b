/**
 * Which tokens may come next in each state of an answer, and how many it takes at least to complete the answer from there:
 * what leads nowhere is never offered, and what a limit of tokens leaves no room for can be told apart.
 */
import type { AnswerState } from './answer-automaton.ts'
import type { StringTokens } from './string-tokens.ts'
import { type TokenTrie, walkTrie } from './token-trie.ts'

export type Offer = {
  readonly tokens: Int32Array
  /** The fewest tokens that complete the answer after one of these. */
  readonly toEnd: number
}

export type Plan = {
  readonly offers: readonly Offer[]
  /** The fewest tokens that complete the answer; infinite where none do. */
  readonly toEnd: number
}

export type PlanParts = {
  readonly trie: TokenTrie
  /** The part of `trie` that may close a string. */
  readonly closing: TokenTrie
  readonly stringTokens: () => StringTokens
  readonly endTokens: Int32Array
}

type Step = { readonly token: number; readonly end: AnswerState; readonly length: number }

type Opened = { readonly state: AnswerState; steps: readonly Step[] | undefined }

/** Returns what gives the plan of a state, computed when it is first asked for. */
export function createPlanner(parts: PlanParts): (state: AnswerState) => Plan {
  const plans = new Map<AnswerState, Plan>()
  const toEnd = (state: AnswerState) => plans.get(state)?.toEnd ?? Infinity

  return (asked) => {
    // Later states first, and without recursion: an answer may have thousands of them.
    const open: Opened[] = [{ state: asked, steps: undefined }]
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const { state } = top
      const text = state.inString?.states[0]
      if (plans.has(state)) open.pop()
      else if (top.steps === undefined) {
        top.steps = findSteps(parts, state)
        const later = new Set(top.steps.map(({ end }) => end))
        if (text && text !== state) later.add(text)
        for (const each of later) if (!plans.has(each)) open.push({ state: each, steps: undefined })
      } else {
        const { steps } = top
        plans.set(
          state,
          text ? planString(parts, state, steps, text, toEnd) : planText(parts, state, steps, toEnd),
        )
      }
    }
    return plans.get(asked) ?? { offers: [], toEnd: Infinity }
  }
}

/** Tokens that stay in a string are left out: they are the same in all of them. */
function findSteps({ trie, closing }: PlanParts, state: AnswerState): Step[] {
  const steps: Step[] = []
  const strings = state.inString?.states
  walkTrie(strings ? closing : trie, state, (token, end, length) => {
    if (strings === undefined || end.inString?.states !== strings) steps.push({ token, end, length })
  })
  return steps
}

function planText(
  { endTokens }: PlanParts,
  state: AnswerState,
  steps: readonly Step[],
  toEnd: (state: AnswerState) => number,
): Plan {
  const living = steps.filter(({ end }) => toEnd(end) < Infinity)
  const offers = groupByEnd(soonestOfForced(state, living, toEnd), toEnd)
  return state.complete
    ? { offers: [{ tokens: endTokens, toEnd: 0 }, ...offers], toEnd: 0 }
    : { offers, toEnd: fewest(offers) }
}

function planString(
  { stringTokens }: PlanParts,
  state: AnswerState,
  steps: readonly Step[],
  text: AnswerState,
  toEnd: (state: AnswerState) => number,
): Plan {
  const { toText, staying } = stringTokens()
  const index = state.inString?.index ?? 0
  const closing = groupByEnd(
    steps.filter(({ end }) => toEnd(end) < Infinity),
    toEnd,
  )
  const fromText = state === text ? fewest(closing) : toEnd(text)
  if (fromText === Infinity) return { offers: closing, toEnd: fewest(closing) }
  const going = (staying[index] ?? []).map((tokens, needed) => ({ tokens, toEnd: fromText + needed }))
  return {
    offers: [...closing, ...going],
    toEnd: Math.min(fewest(closing), fromText + (toText[index] ?? Infinity)),
  }
}

/**
 * Where the text is determined, of the tokens that write it and no more only those that lead to the end soonest: it is how
 * the tokenizer would have written it, mostly, and saves steps.
 */
function soonestOfForced(
  state: AnswerState,
  steps: readonly Step[],
  toEnd: (state: AnswerState) => number,
): readonly Step[] {
  const longest = steps.reduce((most, { length }) => Math.max(most, length), 0)
  let forced = 0
  for (let at = state; forced < longest && at.next.size === 1 && !at.complete; forced++) {
    const [next] = at.next.values()
    if (next === undefined) break
    at = next
  }
  const within = steps.filter(({ length }) => length <= forced)
  const soonest = within.reduce((least, { end }) => Math.min(least, toEnd(end)), Infinity)
  return steps.filter(({ length, end }) => length > forced || toEnd(end) === soonest)
}

function groupByEnd(steps: readonly Step[], toEnd: (state: AnswerState) => number): readonly Offer[] {
  const groups = Map.groupBy(steps, ({ end }) => toEnd(end))
  return [...groups].map(([left, group]) => ({
    tokens: Int32Array.from(group, ({ token }) => token),
    toEnd: left,
  }))
}

function fewest(offers: readonly Offer[]): number {
  return offers.reduce((least, { toEnd }) => Math.min(least, 1 + toEnd), Infinity)
}
