/**
 * A chat completions request to a Messages request, with what the answer's translation has to know about it.
 * Does not know which model will answer: what only some Claude models take is removed by their provider.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock, MessagesRequest } from '../../shared/messages.ts'
import { isBlank } from './blank.ts'
import { type Conversation, toConversation } from './conversation.ts'
import { toClosedSchema } from './json-schema.ts'
import { createParameterNames, type ParameterNames } from './parameter-names.ts'
import { checkUntranslatedParameters, isTreated } from './parameters.ts'
import { type ChatCompletionRequest, parseChatCompletionRequest } from './request-schema.ts'
import { toToolSettings, usesLegacyFunctions } from './tools.ts'
import { unknownFields } from './unknown-fields.ts'

/**
 * Tokens that a local server may write where the client sets no limit, as OpenAI's clients rarely do. Claude gets its
 * model's own maximum: a limit of the router's would cut long answers and tool calls.
 */
export const LOCAL_MAX_TOKENS = 4096

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
  const { format, instruction } = toAnswerFormat(chat)
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
      ...outputConfigField(chat, format),
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

/** One text stays a string, which is what most clients send; several keep their boundaries. */
function systemField(blocks: readonly ContentBlock[]): { system?: string | ContentBlock[] } {
  const [first, ...others] = blocks
  if (first === undefined) return {}
  if (others.length === 0 && first.text !== undefined && !first.cache_control) return { system: first.text }
  return { system: [...blocks] }
}

function samplingFields(chat: ChatCompletionRequest) {
  return {
    // Both scales begin at greedy and mean the model's own distribution at 1, so values up to 1 mean the same;
    // the flatter distributions between 1 and 2 do not exist here and become the flattest there is.
    ...(typeof chat.temperature === 'number' ? { temperature: Math.min(1, chat.temperature) } : {}),
    ...(typeof chat.top_p === 'number' ? { top_p: chat.top_p } : {}),
    ...(typeof chat.top_k === 'number' ? { top_k: chat.top_k } : {}),
  }
}

type AnswerFormat = {
  readonly format?: { readonly type: 'json_schema'; readonly schema: object }
  /** What asks for the format in words, where nothing can enforce it. */
  readonly instruction: readonly ContentBlock[]
}

/** @throws {RouterError} `invalid_request` for a strict schema that Claude cannot be held to */
function toAnswerFormat({ response_format: wanted }: ChatCompletionRequest): AnswerFormat {
  if (wanted?.type === 'json_object')
    return { instruction: [{ type: 'text', text: JSON_OBJECT_INSTRUCTION }] }
  if (wanted?.type !== 'json_schema') return { instruction: [] }
  const { schema, strict } = wanted.json_schema
  const closed = toClosedSchema(schema)
  if (closed !== undefined) return { format: { type: 'json_schema', schema: closed }, instruction: [] }
  if (strict === true)
    throw new RouterError(
      'invalid_request',
      'response_format.json_schema.schema: every part needs a "type", and every object its "properties"; leave out "strict" for a schema that allows anything',
    )
  const text = `${JSON_OBJECT_INSTRUCTION} It must fit this JSON schema: ${JSON.stringify(schema)}`
  return { instruction: [{ type: 'text', text }] }
}

function outputConfigField(chat: ChatCompletionRequest, format: AnswerFormat['format']) {
  const effort = chat.reasoning_effort
  const config = {
    // Claude has no step below low.
    ...(effort ? { effort: effort === 'none' || effort === 'minimal' ? 'low' : effort } : {}),
    ...(format ? { format } : {}),
  }
  return Object.keys(config).length > 0 ? { output_config: config } : {}
}
