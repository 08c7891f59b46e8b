/**
 * Claude's prompt cache for requests that do not ask for it themselves: decides for each request what is marked, tells it to
 * the receipt, and learns from the answer's usage. Writes no bytes (`place-marks.ts`).
 */
import type { Usage } from '../../shared/messages.ts'
import type { Changes } from '../providers/claude/fit-request.ts'
import type { PromptCacheMode } from './mode.ts'
import { type Marks, NO_MARKS } from './place-marks.ts'
import { createPrefixMemory, type Marking, type MarkReason, type PrefixMemory } from './prefix-memory.ts'
import { type PromptRequest, type ReadPrompt, readPrompt } from './read-prompt.ts'

export const PROMPT_CACHE_DECISIONS = [
  'added',
  'off',
  'own',
  'too_short',
  'first_sight',
  'unread_writes',
  'being_written',
  'refused',
] as const
/**
 * Whether the router marked anything, or why not: it is switched off; the client marks parts itself; the prompt is too short for
 * the model; it was not seen within the cache's life; what was written was not read; another request is writing it; the server
 * does not take marks.
 */
export type PromptCacheDecision = (typeof PROMPT_CACHE_DECISIONS)[number]

/** What a receipt tells of it. */
export type PromptCacheFacts = {
  readonly decision: PromptCacheDecision
  readonly marked: Marks
  /** What the prompt is known again by in this isolate; undefined where that was not looked at. */
  readonly prompt?: Pick<ReadPrompt, 'instructions' | 'conversation' | 'instructionsTokens'>
}

export type CachedPrompt = Pick<Marking, 'begun' | 'abandoned' | 'settle'> & {
  readonly facts: PromptCacheFacts
  /** The server refused the marks. Returns what holds for the same request without any. */
  readonly refused: () => CachedPrompt
}

export type PromptCache = {
  /** Decides for a request that is sent to `model` with these changes. Has to be told whether it was answered. */
  readonly consider: (request: PromptRequest, model: string, changes: Changes) => CachedPrompt
  /** Says what would be decided, and counts nothing. */
  readonly preview: (request: PromptRequest, model: string, changes: Changes) => PromptCacheFacts
  /** Whether marks are possible for this caller at all. */
  readonly isOn: (request: Pick<PromptRequest, 'tenant'>) => boolean
}

/** So many refusals of a server that has never taken a mark, and it is sent none any more: it does not know them. */
const MOST_REFUSALS = 2

export type PromptCacheOptions = {
  /** For tenants whose policy does not say. */
  readonly mode: PromptCacheMode
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly memory?: PrefixMemory
}

/** Returns the decisions of one isolate. */
export function createPromptCache({
  mode,
  now,
  random,
  memory = createPrefixMemory(),
}: PromptCacheOptions): PromptCache {
  const seed = Math.floor(random() * 2 ** 32)
  let isAccepted = false
  let refusals = 0
  const isRefused = () => !isAccepted && refusals >= MOST_REFUSALS
  const isOn: PromptCache['isOn'] = ({ tenant }) => (tenant.promptCache ?? mode) === 'auto' && !isRefused()

  function read(request: PromptRequest, model: string, changes: Changes): ReadPrompt | PromptCacheDecision {
    if (!isOn(request)) return isRefused() ? 'refused' : 'off'
    return readPrompt(request, model, seed, changes)
  }

  return {
    isOn,
    preview(request, model, changes) {
      const prompt = read(request, model, changes)
      return typeof prompt === 'string' ? unmarked(prompt) : factsOf(prompt, memory.preview(prompt, now()))
    },
    consider(request, model, changes) {
      const prompt = read(request, model, changes)
      if (typeof prompt === 'string') return inert(unmarked(prompt))
      const marking = memory.consider(prompt, now())
      const facts = factsOf(prompt, marking)
      return {
        ...marking,
        facts,
        begun() {
          isAccepted ||= isMarked(facts)
          marking.begun()
        },
        refused() {
          marking.abandoned()
          return {
            ...inert(unmarked('refused')),
            // Only where the same request is answered without marks, they were the reason: clients write errors, too.
            begun() {
              refusals++
            },
          }
        },
      }
    },
  }
}

function factsOf(
  prompt: ReadPrompt,
  reasons: Record<'instructions' | 'conversation', MarkReason>,
): PromptCacheFacts {
  const marked = {
    instructions: reasons.instructions === 'added',
    conversation: reasons.conversation === 'added',
  }
  const { instructions, conversation, instructionsTokens } = prompt
  return { decision: decisionOf(reasons), marked, prompt: { instructions, conversation, instructionsTokens } }
}

/** Of two reasons the one that says more: instructions are often too short where the whole prompt is not. */
function decisionOf({
  instructions,
  conversation,
}: Record<'instructions' | 'conversation', MarkReason>): MarkReason {
  if (instructions === 'added' || conversation === 'added') return 'added'
  return SAYS_MORE.find((reason) => reason === instructions || reason === conversation) ?? 'first_sight'
}

const SAYS_MORE: readonly MarkReason[] = ['being_written', 'unread_writes', 'first_sight', 'too_short']

/** Says whether any part is marked. */
export function isMarked({ marked }: Pick<PromptCacheFacts, 'marked'>): boolean {
  return marked.instructions || marked.conversation
}

function unmarked(decision: PromptCacheDecision): PromptCacheFacts {
  return { decision, marked: NO_MARKS }
}

function inert(facts: PromptCacheFacts): CachedPrompt {
  const prompt: CachedPrompt = {
    facts,
    begun() {},
    abandoned() {},
    settle(_usage: Usage) {},
    refused: () => prompt,
  }
  return prompt
}
