/**
 * Tools, functions and choices as chat completions spell them, in both dialects, as openai/tools.ts reads them. Does not
 * know messages: calls and results are translated in conversation.ts.
 */
import { type FunctionChoice, type ToolSettings, toToolSettings as translate } from '../openai/tools.ts'
import type { ChatCompletionRequest } from './request-schema.ts'

/**
 * Translates `tools`, `tool_choice`, `parallel_tool_calls` and the older `functions`, `function_call`. Older
 * functions allow one call an answer, so parallel calls are switched off for them.
 * @throws {RouterError} `invalid_request` where a choice asks for a tool that is not there
 */
export function toToolSettings(request: ChatCompletionRequest): ToolSettings {
  if (usesLegacyFunctions(request))
    return translate(request.functions ?? [], legacyChoice(request), true, 'function_call')
  const functions = (request.tools ?? []).map((tool) => ({
    ...tool.function,
    cache_control: tool.cache_control ?? tool.function.cache_control,
  }))
  return translate(functions, choiceOf(request), request.parallel_tool_calls === false, 'tool_choice')
}

/** Says whether the request speaks the older dialect, so that the answer must use `function_call`. */
export function usesLegacyFunctions(request: ChatCompletionRequest): boolean {
  return (request.functions?.length ?? 0) > 0 && (request.tools?.length ?? 0) === 0
}

function legacyChoice(request: ChatCompletionRequest): FunctionChoice | undefined {
  const choice = request.function_call ?? undefined
  return typeof choice === 'object' ? { type: 'function', name: choice.name } : choice
}

function choiceOf(request: ChatCompletionRequest): FunctionChoice | undefined {
  const choice = request.tool_choice ?? undefined
  if (typeof choice !== 'object') return choice
  if (choice.type === 'function') return { type: 'function', name: choice.function.name }
  const { mode, tools } = choice.allowed_tools
  return { type: 'allowed', mode, names: new Set(tools.map((tool) => tool.function.name)) }
}
