/**
 * The requests that a small text model cannot serve whatever they ask: ordered, named predicates, first match wins.
 * Says nothing about how hard a request is (that is the classifier's).
 */
import type { Features } from './features.ts'

export type Rule = {
  /** The phrase that headers and log lines give as the reason. */
  readonly reason: string
  /** What a client of `local_only` reads in the 400. */
  readonly explanation: (features: Features) => string
  readonly matches: (features: Features, limits: { readonly maxInputTokens: number }) => boolean
}

const RULES: readonly Rule[] = [
  {
    reason: 'tools required',
    explanation: () => 'The local model cannot use tools. Remove "tools" and tool blocks from the request.',
    matches: (features) => features.usesTools,
  },
  {
    reason: 'non-text content',
    explanation: (features) =>
      `The local model reads text only, and the request holds a block of type "${features.nonTextBlock?.slice(0, 40)}".`,
    matches: (features) => features.nonTextBlock !== undefined,
  },
  {
    reason: 'thinking requested',
    explanation: () => 'The local model has no thinking mode. Remove "thinking" from the request.',
    matches: (features) => features.thinking,
  },
  {
    reason: 'structured output requested',
    explanation: () => 'The local model cannot guarantee a JSON schema. Remove "output_config.format".',
    matches: (features) => features.structuredOutput,
  },
  {
    reason: 'server features requested',
    explanation: () =>
      'The local model has no container, MCP servers or context management. Remove those fields.',
    matches: (features) => features.serverFeatures,
  },
  {
    reason: 'answer begun by the client',
    explanation: () =>
      'The local model cannot continue an assistant turn. End the messages with a user turn.',
    matches: (features) => features.prefill,
  },
  {
    reason: 'no user text',
    explanation: () => 'The local model needs a user turn with text.',
    matches: (features) => features.lastUserText === '',
  },
  {
    reason: 'context too long',
    explanation: () => 'The request is longer than the local model reads. Shorten it.',
    matches: (features, limits) => features.estimatedInputTokens > limits.maxInputTokens,
  },
]

/** Returns the first rule that keeps the request from the local model, or undefined. */
export function findRule(features: Features, limits: { readonly maxInputTokens: number }): Rule | undefined {
  return RULES.find((rule) => rule.matches(features, limits))
}
