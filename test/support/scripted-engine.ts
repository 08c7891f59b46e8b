/**
 * An engine whose words are written down beforehand, for tests of what stands around an engine.
 * A generation can be held after its first word until the test lets it go on.
 */

import type {
  Engine,
  EngineEvent,
  GenerateRequest,
  ModelInfo,
  Prompt,
} from '../../inference/engine/engine.ts'
import { handOverFrom } from '../../inference/engine/handover/handover.ts'
import { declineFrom } from '../../inference/engine/judge/judge.ts'
import { RouterError } from '../../shared/errors.ts'
import { uniformTrust } from '../../shared/model-card.ts'

export const SCRIPTED_MODEL: ModelInfo = {
  name: 'scripted',
  displayName: 'Scripted',
  kind: 'text-generation',
  dtype: 'fp32',
  promptStyle: 'chat',
  contextLength: 4096,
  card: {
    trust: { ...uniformTrust('none'), simple_chat: 'full' },
    languages: null,
    maxTemperature: null,
    exam: null,
  },
  capabilities: ['chat'],
  sizeBytes: 1000,
  license: 'MIT',
  defaultTemperature: 0,
  repetitionPenalty: 1,
}

export type ScriptedEngine = Engine & {
  readonly requests: GenerateRequest[]
  /** Generations that an abort ended. */
  readonly aborted: () => number
}

export type Script = {
  /** Tokens of each prompt that are known already. */
  readonly cachedTokens?: number
  readonly words: readonly string[]
  /** Awaited after the first word. */
  readonly hold?: Promise<void>
  /** Thrown after the words. */
  readonly failure?: Error
  /** How surely complex a prompt is; absent: the engine has no judge. */
  readonly judge?: (text: string) => number
  /** How probable it is that the engine would only guess; absent: it hands nothing over. */
  readonly handover?: (text: string) => number
  /** Log-probability of the token that ends the answer, the others have -0.5; absent: its answers are not verified. */
  readonly endLogprob?: (text: string) => number
}

/** The engine's own, where it hands over. */
export const SCRIPTED_HANDOVER = { token: 0, threshold: 0.6 }
/** The engine's own, where its answers are verified. */
export const SCRIPTED_VERIFICATION = {
  measure: 'lowest',
  tasks: ['simple_chat'],
  threshold: 0.75,
} as const

/** Returns an engine that writes the script's words; a token is a word, of prompts too. */
export function createScriptedEngine(script: Script): ScriptedEngine {
  const requests: GenerateRequest[] = []
  let aborted = 0
  const countTokens = async (prompt: Pick<GenerateRequest, 'turns'>) =>
    prompt.turns.reduce((sum, { text }) => sum + text.split(/\s+/).length, 0)

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    requests.push(request)
    yield { type: 'start', inputTokens: await countTokens(request), cachedTokens: script.cachedTokens ?? 0 }
    if (request.judgeThreshold !== undefined && script.judge) {
      const score = script.judge(lastText(request))
      yield { type: 'judged', score }
      declineFrom(score, request.judgeThreshold)
    }
    if (request.handoverThreshold !== undefined && script.handover) {
      const score = script.handover(lastText(request))
      yield { type: 'weighed', score }
      handOverFrom(score, request.handoverThreshold)
    }
    yield { type: 'prefilled' }
    const words = script.words.slice(0, request.maxTokens)
    for (const [index, text] of words.entries()) {
      if (index === 1 && script.hold) await Promise.race([script.hold, abortOf(signal)])
      if (signal.aborted) {
        aborted++
        throw new RouterError('cancelled', 'The request was cancelled.')
      }
      yield { type: 'text', text, tokens: 1, logprob: -0.5 }
    }
    if (script.failure) throw script.failure
    const stopReason = words.length < script.words.length ? 'max_tokens' : 'end_turn'
    const logprobs = [...words.map(() => -0.5), script.endLogprob?.(lastText(request)) ?? -0.5]
    yield {
      type: 'end',
      stopReason,
      stopSequence: null,
      outputTokens: words.length,
      ...(request.logprobs ? { logprobs } : {}),
    }
  }

  return {
    info: SCRIPTED_MODEL,
    serving: () => ({
      loop: 'generate',
      weights: 'fp32',
      rows: 1,
      cacheBytesPerToken: 0,
      reason: 'written down beforehand',
      judge: script.judge && { model: 'scripted', head: 'f'.repeat(64) },
      handover: script.handover && SCRIPTED_HANDOVER,
      verification: script.endLogprob && SCRIPTED_VERIFICATION,
    }),
    async judge(prompt) {
      if (!script.judge) throw new RouterError('unsupported', 'Nothing judges requests here.')
      return { score: script.judge(lastText(prompt)), tokens: await countTokens(prompt) }
    },
    requests,
    aborted: () => aborted,
    generate,
    countTokens,
    close: async () => {},
  }
}

function lastText({ turns }: Prompt): string {
  return turns.at(-1)?.text ?? ''
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
