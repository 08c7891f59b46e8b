/**
 * Functions and choices of either of OpenAI's formats to the Messages API's tools. Does not know how a format spells
 * them, nor messages.
 */
import { RouterError } from '../../shared/errors.ts'
import { toClosedSchema } from './json-schema.ts'

/** A function that the model may call. */
export type FunctionTool = {
  readonly name: string
  readonly description?: string | null | undefined
  readonly parameters?: Readonly<Record<string, unknown>> | null | undefined
  readonly strict?: boolean | null | undefined
  readonly cache_control?: object | null | undefined
}

export type FunctionChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { readonly type: 'function'; readonly name: string }
  | { readonly type: 'allowed'; readonly mode: 'auto' | 'required'; readonly names: ReadonlySet<string> }

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

export type ToolSettings = {
  readonly tools?: MessagesTool[]
  readonly tool_choice?: MessagesToolChoice
}

/**
 * Translates what is offered and what is chosen. A schema that Claude cannot hold a strict tool to makes that tool an
 * ordinary one.
 * @param single whether an answer may hold one call only
 * @param parameter what the client calls the choice
 * @throws {RouterError} `invalid_request` where a choice asks for a tool that is not there
 */
export function toToolSettings(
  functions: readonly FunctionTool[],
  choice: FunctionChoice | undefined,
  single: boolean,
  parameter: string,
): ToolSettings {
  if (functions.length === 0) {
    if (choice === undefined || choice === 'none' || choice === 'auto') return {}
    throw new RouterError('invalid_request', `${parameter}: is only allowed together with tools`)
  }
  const allowed = typeof choice === 'object' && choice.type === 'allowed' ? choice.names : undefined
  const offered = functions.filter((each) => allowed === undefined || allowed.has(each.name))
  const tool_choice = toChoice(choice, single)
  const isMissing =
    offered.length < (allowed?.size ?? 0) ||
    (tool_choice?.name !== undefined && !offered.some((each) => each.name === tool_choice.name))
  if (isMissing)
    throw new RouterError('invalid_request', `${parameter}: names a tool that is not among the tools`)
  return {
    ...(offered.length === 0 ? {} : { tools: offered.map(toTool) }),
    ...(tool_choice === undefined ? {} : { tool_choice }),
  }
}

function toChoice(choice: FunctionChoice | undefined, single: boolean): MessagesToolChoice | undefined {
  const parallel = single ? { disable_parallel_tool_use: true as const } : {}
  if (choice === undefined) return single ? { type: 'auto', ...parallel } : undefined
  if (choice === 'none') return { type: 'none' }
  if (choice === 'auto') return { type: 'auto', ...parallel }
  if (choice === 'required') return { type: 'any', ...parallel }
  if (choice.type === 'function') return { type: 'tool', name: choice.name, ...parallel }
  return { type: choice.mode === 'required' ? 'any' : 'auto', ...parallel }
}

function toTool({ name, description, parameters, strict, cache_control }: FunctionTool): MessagesTool {
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
