/**
 * What a request will take of the model, told from its characters: its tokens are counted only when its turn has come.
 */
import { estimateTokens } from '../../shared/tokens.ts'
import type { Prompt } from '../engine/engine.ts'
import type { Demand } from './progress.ts'

/** A chat template's own tokens around a turn: likely, and more than any template is known to take. */
const TURN_TOKENS = { likely: 8, most: 64 } as const

export type DemandOptions = {
  readonly tenant: string
  /** Longest prompt that is answered. */
  readonly maxInputTokens: number
  /** Longest answer; 0 where only the prompt's tokens are counted. */
  readonly maxTokens: number
}

/** Returns the demand; a tokenizer makes at most one token of a byte. */
export function demandOf(
  { system = '', turns }: Prompt,
  { tenant, maxInputTokens, maxTokens }: DemandOptions,
): Demand {
  let [likely, most] = [0, 0]
  for (const text of [system, ...turns.map((turn) => turn.text)]) {
    likely += estimateTokens(text) + TURN_TOKENS.likely
    most += Buffer.byteLength(text) + TURN_TOKENS.most
  }
  const maxPromptTokens = Math.min(most, maxInputTokens)
  return { tenant, promptTokens: Math.min(likely, maxPromptTokens), maxPromptTokens, maxTokens }
}
