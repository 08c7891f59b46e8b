/**
 * Reads of a request what the memory of prompts knows it by: fingerprints of its instructions and of its turns. Looks at what
 * is parsed already, and at nothing of a request that is too short for any cache.
 */
import type { MessageParam, MessagesRequest } from '../../shared/messages.ts'
import { likelyTokens } from '../../shared/tokens.ts'
import { leastCacheableTokens } from '../providers/claude/cacheable-length.ts'
import type { Changes } from '../providers/claude/fit-request.ts'
import type { Tenant } from '../tenants.ts'
import { createFingerprint } from './fingerprint.ts'
import { setsCacheControl } from './own-marks.ts'
import { placeOfInstructions } from './place-marks.ts'
import type { Prompt } from './prefix-memory.ts'

export type PromptRequest = {
  readonly view: MessagesRequest
  /** The body that `view` was parsed from. */
  readonly text: string
  readonly tenant: Tenant
}

export type ReadPrompt = Prompt & {
  /** An estimate. */
  readonly instructionsTokens: number
}

/**
 * A mark on too short a prompt costs nothing and does nothing, so the estimate may err on that side: the tokens of English
 * are estimated to about a tenth.
 */
const ENOUGH = 0.8
/** Instructions are read to the end up to this length, as a date may stand anywhere in them; characters. */
const LONGEST_INSTRUCTION = 65_536
/** Characters of each text behind them: one that has changed in its middle alone is told by Claude's usage. */
const LONGEST_TEXT = 1_024

/**
 * Returns the prompt, or why there is nothing to decide: the client marks parts of it itself, or it is too short for this
 * model to cache.
 * @param seed of the fingerprints
 * @param changes what is sent otherwise than it came
 */
export function readPrompt(
  { view, text, tenant }: PromptRequest,
  model: string,
  seed: number,
  changes: Changes,
): ReadPrompt | 'own' | 'too_short' {
  if (setsCacheControl(view)) return 'own'
  const least = leastCacheableTokens(model) * ENOUGH
  // No tokenizer makes more tokens than there are characters, but for rare signs.
  if (text.length < least) return 'too_short'
  const fingerprint = createFingerprint(seed)
  fingerprint.add([view.speed, view.tools, view.system], LONGEST_INSTRUCTION)
  const instructionsTokens = Math.round(fingerprint.tokens())
  const instructions = {
    id: fingerprint.digest(),
    markable:
      instructionsTokens >= least && !changesInstructions(changes) && placeOfInstructions(view) !== undefined,
  }
  const { lastTurn, lastAnswer } = findTurns(view.messages)
  fingerprint.add([view.thinking, view.tool_choice, view.output_config], LONGEST_TEXT)
  let before: string | undefined
  for (const [at, message] of view.messages.entries()) {
    if (at === lastAnswer) before = fingerprint.digest()
    if (at > lastTurn) break
    addMessage(message)
  }
  const tokens = Math.max(fingerprint.tokens(), likelyTokens(text.length))
  if (tokens < least) return 'too_short'
  return {
    scope: `${tenant.admin ? 'admin' : 'tenant'} ${tenant.id} ${model}`,
    instructions,
    conversation: { before, after: fingerprint.digest(), markable: true },
    size: text.length,
    instructionsTokens,
  }

  function addMessage({ role, content }: MessageParam): void {
    fingerprint.add(role, LONGEST_TEXT)
    // Thoughts are no part of what later turns are compared by: some clients leave them out, and so do some models.
    const kept =
      typeof content === 'string' ? content : content.filter(({ type }) => !type.endsWith('thinking'))
    fingerprint.add(kept, LONGEST_TEXT)
  }
}

/** What is moved to the end of the instructions is another text with each turn: others would never read what was written. */
function changesInstructions(changes: Changes): boolean {
  return changes.has('system') || changes.has('tools')
}

/** Behind the last turn there may be the beginning of its answer. */
function findTurns(messages: readonly MessageParam[]) {
  const isAnswer = ({ role }: MessageParam) => role === 'assistant'
  const lastTurn = messages.findLastIndex((message) => !isAnswer(message))
  const lastAnswer = messages.findLastIndex((message, at) => at < lastTurn && isAnswer(message))
  return { lastTurn, lastAnswer }
}
