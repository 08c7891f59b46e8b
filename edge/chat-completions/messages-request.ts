/**
 * A chat completions request to a Messages request, with what the answer's translation has to know about it.
 * Does not know which model will answer: what only some Claude models take is removed later, by providers/claude-models.ts.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock, MessagesRequest } from '../../shared/messages.ts'
import { toConversation } from './conversation.ts'
import { checkUntranslatedParameters } from './parameters.ts'
import { type ChatCompletionRequest, parseChatCompletionRequest } from './request-schema.ts'
import { toToolSettings, usesLegacyFunctions } from './tools.ts'

/** Tokens; OpenAI has no default but the model's limit, the Messages API wants a number. */
export const DEFAULT_MAX_TOKENS = 4096

/**
 * `json_object` has no counterpart: a schema for "any object" is not accepted by `output_config.format`, which
 * wants every object closed, and a forced tool call clashes with thinking and with the client's own tools. OpenAI
 * demands that the prompt itself asks for JSON, so an instruction that asks once more is what remains; refusing
 * would break every client that sets the flag by habit.
 */
export const JSON_OBJECT_INSTRUCTION =
  'Answer with one JSON object and nothing else: no text before or after it and no code fence.'

export type TranslatedRequest = {
  /** The Messages request; `stream` in it is as below. */
  readonly request: MessagesRequest
  readonly stream: boolean
  /** Whether a stream ends with a chunk that carries the usage. */
  readonly includeUsage: boolean
  /** Whether log-probabilities are wanted; only the local model has them. */
  readonly logprobs: boolean
  /** How many alternatives a token were asked for; none are ever available, so entries carry an empty list. */
  readonly topLogprobs: number
  /** Whether the answer must use `function_call` instead of `tool_calls`. */
  readonly legacyFunctions: boolean
  /** Whether the answer is promised by instruction only to be a JSON object; a small model may not keep it. */
  readonly jsonObject: boolean
  /** Parameters that asked for something and were ignored; parameters.ts says why. */
  readonly ignored: readonly string[]
}

/**
 * Translates a parsed body.
 * @param value the body, as parsed from JSON
 * @throws {RouterError} `invalid_request` whose message begins with the parameter's name
 */
export function toMessagesRequest(value: unknown): TranslatedRequest {
  const chat = parseChatCompletionRequest(value)
  const ignored = checkUntranslatedParameters(chat)
  if (chat.top_logprobs && chat.logprobs !== true)
    throw new RouterError('invalid_request', 'top_logprobs: needs "logprobs" to be true')
  const stream = chat.stream === true
  const jsonObject = chat.response_format?.type === 'json_object'
  const { system, messages } = toConversation(chat.messages)
  const instructions: readonly ContentBlock[] = jsonObject
    ? [...system, { type: 'text', text: JSON_OBJECT_INSTRUCTION }]
    : system
  const userId = chat.safety_identifier ?? chat.user
  return {
    request: {
      model: chat.model,
      max_tokens: chat.max_completion_tokens ?? chat.max_tokens ?? DEFAULT_MAX_TOKENS,
      messages,
      ...systemField(instructions),
      ...samplingFields(chat),
      ...toToolSettings(chat),
      ...outputConfigField(chat),
      ...(userId ? { metadata: { user_id: userId } } : {}),
      ...(stream ? { stream } : {}),
    },
    stream,
    includeUsage: stream && chat.stream_options?.include_usage === true,
    logprobs: chat.logprobs === true,
    topLogprobs: chat.top_logprobs ?? 0,
    legacyFunctions: usesLegacyFunctions(chat),
    jsonObject,
    ignored,
  }
}

/** One text stays a string, which is what most clients send; several keep their boundaries. */
function systemField(blocks: readonly ContentBlock[]): { system?: string | ContentBlock[] } {
  const [first, ...others] = blocks
  if (first === undefined) return {}
  if (others.length === 0 && first.text !== undefined) return { system: first.text }
  return { system: [...blocks] }
}

function samplingFields(chat: ChatCompletionRequest) {
  const stops = (typeof chat.stop === 'string' ? [chat.stop] : (chat.stop ?? [])).filter(
    (stop) => stop !== '',
  )
  return {
    ...(stops.length > 0 ? { stop_sequences: stops } : {}),
    // Both scales begin at greedy and mean the model's own distribution at 1, so values up to 1 mean the same;
    // the flatter distributions between 1 and 2 do not exist here and become the flattest there is.
    ...(typeof chat.temperature === 'number' ? { temperature: Math.min(1, chat.temperature) } : {}),
    ...(typeof chat.top_p === 'number' ? { top_p: chat.top_p } : {}),
  }
}

function outputConfigField(chat: ChatCompletionRequest) {
  const format = chat.response_format
  const effort = chat.reasoning_effort
  const config = {
    // Claude has no step below low.
    ...(effort ? { effort: effort === 'none' || effort === 'minimal' ? 'low' : effort } : {}),
    ...(format?.type === 'json_schema'
      ? { format: { type: 'json_schema', schema: format.json_schema.schema } }
      : {}),
  }
  return Object.keys(config).length > 0 ? { output_config: config } : {}
}
