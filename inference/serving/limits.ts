/**
 * How much text a request may bring and get: the settings, cut to what the model can do. Counts nothing.
 */
import type { InferenceConfig } from '../config.ts'
import type { ModelInfo } from '../engine/engine.ts'

/** Tokens. */
export type Limits = { readonly maxInputTokens: number; readonly maxOutputTokens: number }

/** Returns the configured limits, cut so that prompt and answer fit the model's context together. */
export function limitsOf(
  info: ModelInfo,
  { maxInputTokens, maxOutputTokens }: Pick<InferenceConfig, 'maxInputTokens' | 'maxOutputTokens'>,
): Limits {
  const shared = info.kind === 'text-generation'
  const output = Math.min(maxOutputTokens, shared ? Math.floor(info.contextLength / 2) : info.contextLength)
  const input = Math.min(maxInputTokens, shared ? info.contextLength - output : info.contextLength)
  return { maxInputTokens: input, maxOutputTokens: output }
}
