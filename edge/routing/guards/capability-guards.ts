/**
 * Requests that a local text model cannot serve whatever they ask. Says nothing about how hard a request is.
 */
import type { Guard } from './guard.ts'

export const CAPABILITY_GUARDS: readonly Guard[] = [
  {
    name: 'tools required',
    kind: 'capability',
    explanation: () => 'The local model cannot use tools. Remove "tools" and tool blocks from the request.',
    stops: ({ features }) => features.usesTools,
  },
  {
    name: 'non-text content',
    kind: 'capability',
    explanation: ({ features }) =>
      `The local model reads text only, and the request holds a block of type "${features.nonTextBlock?.slice(0, 40)}".`,
    stops: ({ features }) => features.nonTextBlock !== undefined,
  },
  {
    name: 'thinking requested',
    kind: 'capability',
    explanation: () => 'The local model has no thinking mode. Remove "thinking" from the request.',
    stops: ({ features }) => features.thinking,
  },
  {
    name: 'structured output requested',
    kind: 'capability',
    explanation: ({ features }) =>
      features.unservableForm ??
      'The local model’s server cannot guarantee a JSON schema. Remove "output_config.format".',
    stops: ({ features, local }) =>
      features.structuredOutput &&
      (features.unservableForm !== undefined || !(local?.structuredOutputs ?? false)),
  },
  {
    // The API grows every month: a field that this version does not know may hold the conversation itself.
    name: 'unknown field',
    kind: 'capability',
    explanation: ({ features }) =>
      `The local model does not know the field ${features.unknownField?.slice(0, 60)}. Remove it from the request.`,
    stops: ({ features }) => features.unknownField !== undefined,
  },
  {
    name: 'prompt cache warm-up',
    kind: 'capability',
    explanation: () => 'max_tokens 0 fills the prompt cache of Claude, which the local model does not have.',
    stops: ({ features }) => features.maxTokens === 0,
  },
  {
    name: 'answer begun by the client',
    kind: 'capability',
    explanation: () =>
      'The local model cannot continue an assistant turn. End the messages with a user turn.',
    stops: ({ features }) => features.prefill,
  },
  {
    name: 'no user text',
    kind: 'capability',
    explanation: () => 'The local model needs a user turn with text.',
    stops: ({ features }) => features.lastUserCharacters === 0,
  },
  {
    name: 'context too long',
    kind: 'capability',
    explanation: () => 'The request is longer than the local model reads. Shorten it.',
    stops: ({ features, local }) =>
      features.estimatedInputTokens > (local?.maxInputTokens ?? Number.POSITIVE_INFINITY),
  },
]
