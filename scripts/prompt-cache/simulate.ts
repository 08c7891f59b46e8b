/**
 * Runs the router's own decisions over traffic and a model of Claude's cache, and compares what prompts then cost with not
 * marking and with marking always. Makes no traffic and prints nothing.
 */
import { createPrefixMemory, type Marking } from '../../edge/prompt-cache/prefix-memory.ts'
import { createCacheModel, type PromptUsage, promptCost, type SimulatedRequest } from './cache-model.ts'

export type Simulated = {
  readonly requests: number
  /** Of those, how many were marked. */
  readonly marked: number
  readonly written: number
  readonly read: number
  /** What prompts cost, in tokens of plain input: unmarked, as the router marks, marked at the top level always, marked at both places always. */
  readonly plain: number
  readonly automatic: number
  readonly alwaysConversation: number
  readonly alwaysBoth: number
}

/** Returns sums over the requests, which must be in the order of their times. */
export function simulate(requests: readonly SimulatedRequest[]): Simulated {
  const always = (marked: { readonly instructions: boolean; readonly conversation: boolean }) => {
    const cache = createCacheModel()
    return requests.reduce((sum, request) => sum + promptCost(cache.send(request, marked)), 0)
  }
  const usages = simulateRouter(requests)
  const sum = (count: (usage: PromptUsage) => number) =>
    usages.reduce((total, usage) => total + count(usage), 0)
  return {
    requests: requests.length,
    marked: usages.filter(({ written, read }) => written + read > 0).length,
    written: sum(({ written }) => written),
    read: sum(({ read }) => read),
    plain: requests.reduce((total, { tokens }) => total + tokens, 0),
    automatic: sum(promptCost),
    alwaysConversation: always({ instructions: false, conversation: true }),
    alwaysBoth: always({ instructions: true, conversation: true }),
  }
}

function simulateRouter(requests: readonly SimulatedRequest[]): PromptUsage[] {
  const cache = createCacheModel()
  const memory = createPrefixMemory()
  const due: { readonly at: number; readonly run: () => void }[] = []
  return requests.map((request) => {
    const { at, beginsMs, endsMs } = request
    due.sort((one, other) => one.at - other.at)
    while (due[0] !== undefined && due[0].at <= at) due.shift()?.run()
    const marking = consider(memory, request)
    const usage = cache.send(request, {
      instructions: marking.instructions === 'added',
      conversation: marking.conversation === 'added',
    })
    due.push(
      { at: at + beginsMs, run: marking.begun },
      {
        at: at + endsMs,
        run: () =>
          marking.settle({
            input_tokens: usage.input,
            cache_creation_input_tokens: usage.written,
            cache_read_input_tokens: usage.read,
          }),
      },
    )
    return usage
  })
}

function consider(
  memory: ReturnType<typeof createPrefixMemory>,
  { at, scope, instructions, conversation, tokens, leastTokens }: SimulatedRequest,
): Marking {
  return memory.consider(
    {
      scope,
      instructions: { id: instructions.id, markable: instructions.tokens >= leastTokens },
      conversation: { ...conversation, markable: tokens >= leastTokens },
      size: tokens,
    },
    at,
  )
}
