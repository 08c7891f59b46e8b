/**
 * A Responses request to a Messages request, with what the answer's translation has to know about it. Does not know which
 * model will answer, nor where earlier items are kept: they are passed in.
 */
import type { MessagesRequest } from '../../shared/messages.ts'
import { outputConfigField, toAnswerFormat } from '../openai/answer-format.ts'
import { toTextBlock } from '../openai/blocks.ts'
import { toConversation } from '../openai/conversation.ts'
import type { ParameterNames } from '../openai/parameter-names.ts'
import { LOCAL_MAX_TOKENS, samplingFields, systemField } from '../openai/request-fields.ts'
import { type FunctionChoice, toToolSettings } from '../openai/tools.ts'
import { type PlacedItem, toTurns } from './conversation.ts'
import { readItem } from './input-items.ts'
import { requirePairedCalls } from './paired-calls.ts'
import { createParameterNames } from './parameter-names.ts'
import { checkUntranslatedParameters } from './parameters.ts'
import type { RawItem, ResponsesRequest } from './request-schema.ts'
import { unknownFields } from './unknown-fields.ts'

export type TranslatedResponsesRequest = {
  /** The Messages request; `stream` in it is the client's. */
  readonly request: MessagesRequest
  /** Whether log-probabilities are wanted; only the local model has them. */
  readonly logprobs: boolean
  /** Whether reasoning items carry what Claude wants back. */
  readonly encryptedContent: boolean
  /** Whether the answer is promised by instruction only to be a JSON object; a small model may not keep it. */
  readonly jsonObject: boolean
  /** Whether the client set no limit of tokens, so that the model's own holds. */
  readonly unlimited: boolean
  /** Who the client says its user is: a name or an address perhaps, which Claude must not get. */
  readonly user: string | undefined
  /** What errors about the Messages request call its fields. */
  readonly names: ParameterNames
  /** Fields that asked for something and were left out; parameters.ts says why of those that OpenAI's API has. */
  readonly ignored: readonly string[]
}

/** Returns the client's own items: a text is one message of the user's. */
export function itemsOf({ input }: ResponsesRequest): RawItem[] {
  return typeof input === 'string'
    ? [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }]
    : input
}

/**
 * Translates a request.
 * @param earlier the items of the conversation before it, in order
 * @param own the request's items, references resolved; undefined stands for one that means nothing
 * @throws {RouterError} `invalid_request` whose message begins with the parameter's name
 */
export function toMessagesRequest(
  request: ResponsesRequest,
  earlier: readonly RawItem[],
  own: readonly (RawItem | undefined)[],
): TranslatedResponsesRequest {
  const ignored = [...checkUntranslatedParameters(request), ...unknownFields(request)]
  const placed = [
    ...earlier.map((item) => place(item, -1, 'previous_response_id')),
    ...own.flatMap((item, at) => (item === undefined ? [] : [place(item, at, `input.${at}`)])),
  ]
  requirePairedCalls(placed)
  const conversation = toConversation(toTurns(placed), 'input')
  const { format, instruction } = toAnswerFormat(request.text?.format, 'text.format.schema')
  const { instructions, reasoning, max_output_tokens: maxTokens, include } = request
  return {
    request: {
      model: request.model,
      max_tokens: maxTokens ?? LOCAL_MAX_TOKENS,
      messages: conversation.messages,
      ...systemField([...toTextBlock(instructions ?? ''), ...conversation.system, ...instruction]),
      ...samplingFields(request),
      ...toolSettings(request),
      ...outputConfigField(reasoning?.effort, format),
      // Claude tells what it thinks only where it is asked to.
      ...((reasoning?.summary ?? reasoning?.generate_summary)
        ? { thinking: { type: 'adaptive', display: 'summarized' } }
        : {}),
      ...(request.cache_control ? { cache_control: request.cache_control } : {}),
      ...(request.stream === true ? { stream: true } : {}),
    },
    logprobs: include?.includes('message.output_text.logprobs') ?? false,
    encryptedContent: include?.includes('reasoning.encrypted_content') ?? false,
    jsonObject: instruction.length > 0,
    unlimited: typeof maxTokens !== 'number',
    user: request.safety_identifier || request.user || undefined,
    names: createParameterNames(
      conversation.sources,
      request.safety_identifier ? 'safety_identifier' : 'user',
    ),
    ignored,
  }
}

function place(item: RawItem, source: number, path: string): PlacedItem {
  return { item: readItem(item, path), source, path }
}

function toolSettings(request: ResponsesRequest) {
  const single = request.parallel_tool_calls === false
  return toToolSettings(request.tools ?? [], choiceOf(request), single, 'tool_choice')
}

function choiceOf({ tool_choice: choice }: ResponsesRequest): FunctionChoice | undefined {
  if (typeof choice !== 'object' || choice === null) return choice ?? undefined
  if (choice.type === 'function') return { type: 'function', name: choice.name }
  return { type: 'allowed', mode: choice.mode, names: new Set(choice.tools.map((tool) => tool.name)) }
}
