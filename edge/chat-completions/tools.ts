/**
 * OpenAI's tools, functions and choices to the Messages API's. Does not know messages: calls and results are
 * translated in conversation.ts.
 */
import { RouterError } from '../../shared/errors.ts'
import { toClosedSchema } from './json-schema.ts'
import type { ChatCompletionRequest, ChatFunction } from './request-schema.ts'

type MessagesTool = {
  readonly name: string
  readonly description?: string
  readonly input_schema: Readonly<Record<string, unknown>>
  readonly strict?: true
  readonly cache_control?: object
}

type MessagesToolChoice = {
  readonly type: 'auto' | 'any' | 'none' | 'tool'
  readonly name?: string
  readonly disable_parallel_tool_use?: true
}

type ToolSettings = {
  readonly tools?: MessagesTool[]
  readonly tool_choice?: MessagesToolChoice
}

/**
 * Translates `tools`, `tool_choice`, `parallel_tool_calls` and the older `functions`, `function_call`. Older
 * functions allow one call an answer, so parallel calls are switched off for them. A schema that Claude cannot hold a
 * strict tool to makes that tool an ordinary one.
 * @throws {RouterError} `invalid_request` where a choice asks for a tool that is not there
 */
export function toToolSettings(request: ChatCompletionRequest): ToolSettings {
  const legacy = usesLegacyFunctions(request)
  const functions = legacy
    ? (request.functions ?? [])
    : (request.tools ?? []).map((tool) => ({
        ...tool.function,
        cache_control: tool.cache_control ?? tool.function.cache_control,
      }))
  const choice = legacy ? legacyChoice(request) : (request.tool_choice ?? undefined)
  const parameter = legacy ? 'function_call' : 'tool_choice'
  if (functions.length === 0) {
    if (choice === undefined || choice === 'none' || choice === 'auto') return {}
    throw new RouterError('invalid_request', `${parameter}: is only allowed together with tools`)
  }
  const single = legacy || request.parallel_tool_calls === false
  const allowed = allowedNames(choice)
  const offered = functions.filter((each) => allowed === undefined || allowed.has(each.name))
  if (offered.length < (allowed?.size ?? 0))
    throw new RouterError('invalid_request', `${parameter}: names a tool that is not among the tools`)
  const tool_choice = toChoice(choice, single)
  if (tool_choice?.name !== undefined && !offered.some((each) => each.name === tool_choice.name))
    throw new RouterError('invalid_request', `${parameter}: names a tool that is not among the tools`)
  return {
    ...(offered.length === 0 ? {} : { tools: offered.map(toTool) }),
    ...(tool_choice === undefined ? {} : { tool_choice }),
  }
}

/** Says whether the request speaks the older dialect, so that the answer must use `function_call`. */
export function usesLegacyFunctions(request: ChatCompletionRequest): boolean {
  return (request.functions?.length ?? 0) > 0 && (request.tools?.length ?? 0) === 0
}

type Choice = NonNullable<ChatCompletionRequest['tool_choice']>

function legacyChoice(request: ChatCompletionRequest): Choice | undefined {
  const choice = request.function_call ?? undefined
  return typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice
}

function allowedNames(choice: Choice | undefined): Set<string> | undefined {
  if (typeof choice !== 'object' || choice.type !== 'allowed_tools') return undefined
  return new Set(choice.allowed_tools.tools.map((tool) => tool.function.name))
}

function toChoice(choice: Choice | undefined, single: boolean): MessagesToolChoice | undefined {
  const parallel = single ? { disable_parallel_tool_use: true as const } : {}
  if (choice === undefined) return single ? { type: 'auto', ...parallel } : undefined
  if (choice === 'none') return { type: 'none' }
  if (choice === 'auto') return { type: 'auto', ...parallel }
  if (choice === 'required') return { type: 'any', ...parallel }
  if (choice.type === 'function') return { type: 'tool', name: choice.function.name, ...parallel }
  return { type: choice.allowed_tools.mode === 'required' ? 'any' : 'auto', ...parallel }
}

function toTool({ name, description, parameters, strict, cache_control }: ChatFunction): MessagesTool {
  // A function without parameters is legal at OpenAI; a tool without an object schema is not legal here.
  const schema = { type: 'object', ...(parameters ?? { properties: {} }) }
  const closed = strict ? toClosedSchema(schema) : undefined
  return {
    name,
    ...(description ? { description } : {}),
    input_schema: closed ?? schema,
    ...(closed === undefined ? {} : { strict: true as const }),
    ...(cache_control ? { cache_control } : {}),
  }
}
