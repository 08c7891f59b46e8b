/**
 * A chat completions request to a Messages request, with what the answer's translation has to know about it.
 * Does not know which model will answer: what only some Claude models take is removed by their provider.
 */
import { RouterError } from '../../shared/errors.ts'
import type { MessagesRequest } from '../../shared/messages.ts'
import { outputConfigField, toAnswerFormat } from '../openai/answer-format.ts'
import { isBlank } from '../openai/blank.ts'
import type { Conversation } from '../openai/conversation.ts'
import type { ParameterNames } from '../openai/parameter-names.ts'
import { LOCAL_MAX_TOKENS, samplingFields, systemField } from '../openai/request-fields.ts'
import { toConversation } from './conversation.ts'
import { createParameterNames } from './parameter-names.ts'
import { checkUntranslatedParameters, isTreated } from './parameters.ts'
import { type ChatCompletionRequest, parseChatCompletionRequest } from './request-schema.ts'
import { toToolSettings, usesLegacyFunctions } from './tools.ts'
import { unknownFields } from './unknown-fields.ts'

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
  /** Whether the client set no limit of tokens, so that the model's own holds. */
  readonly unlimited: boolean
  /** Texts at which the answer ends and which no model takes as stop sequences: white space only. */
  readonly cutAt: readonly string[]
  /** Who the client says its user is: a name or an address perhaps, which Claude must not get. */
  readonly user: string | undefined
  /** What errors about the Messages request call its fields. */
  readonly names: ParameterNames
  /** Fields that asked for something and were left out; parameters.ts says why of those that OpenAI's API has. */
  readonly ignored: readonly string[]
}

/**
 * Translates a parsed body.
 * @param value the body, as parsed from JSON
 * @throws {RouterError} `invalid_request` whose message begins with the parameter's name
 */
export function toMessagesRequest(value: unknown): TranslatedRequest {
  const chat = parseChatCompletionRequest(value)
  const ignored = [...checkUntranslatedParameters(chat), ...unknownFields(chat, isTreated)]
  if (chat.top_logprobs && chat.logprobs !== true)
    throw new RouterError('invalid_request', 'top_logprobs: needs "logprobs" to be true')
  const stream = chat.stream === true
  const conversation = toConversation(chat.messages)
  const { format, instruction } = toAnswerFormat(formatOf(chat), 'response_format.json_schema.schema')
  const stops = (typeof chat.stop === 'string' ? [chat.stop] : (chat.stop ?? [])).filter(
    (stop) => stop !== '',
  )
  const stopSequences = stops.filter((stop) => !isBlank(stop))
  const maxTokens = chat.max_completion_tokens ?? chat.max_tokens ?? undefined
  return {
    request: {
      model: chat.model,
      max_tokens: maxTokens ?? LOCAL_MAX_TOKENS,
      messages: conversation.messages,
      ...systemField([...conversation.system, ...instruction]),
      ...(stopSequences.length > 0 ? { stop_sequences: stopSequences } : {}),
      ...samplingFields(chat),
      ...toToolSettings(chat),
      ...outputConfigField(chat.reasoning_effort, format),
      ...(chat.thinking ? { thinking: chat.thinking } : {}),
      ...(chat.cache_control ? { cache_control: chat.cache_control } : {}),
      ...(stream ? { stream } : {}),
    },
    stream,
    includeUsage: stream && chat.stream_options?.include_usage === true,
    logprobs: chat.logprobs === true,
    topLogprobs: chat.top_logprobs ?? 0,
    legacyFunctions: usesLegacyFunctions(chat),
    jsonObject: instruction.length > 0,
    unlimited: maxTokens === undefined,
    cutAt: stops.filter(isBlank),
    user: chat.safety_identifier || chat.user || undefined,
    names: namesOf(chat, conversation),
    ignored,
  }
}

function namesOf(chat: ChatCompletionRequest, { sources }: Conversation): ParameterNames {
  return createParameterNames({
    tokenLimit:
      chat.max_completion_tokens == null && chat.max_tokens != null ? 'max_tokens' : 'max_completion_tokens',
    user: chat.safety_identifier ? 'safety_identifier' : 'user',
    legacyFunctions: usesLegacyFunctions(chat),
    messageSources: sources,
  })
}

function formatOf({ response_format: wanted }: ChatCompletionRequest) {
  return wanted?.type === 'json_schema' ? { ...wanted.json_schema, type: wanted.type } : wanted
}
