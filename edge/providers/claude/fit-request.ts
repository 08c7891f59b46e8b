/**
 * Makes a request fit the Claude model that the router chose: names the top-level members to change, as JSON text, so
 * that nothing else of the body is parsed and printed again. Knows no bytes (that is `request-body.ts`).
 */
import { arrayElements, topLevelMembers } from '../../../shared/json.ts'
import type { MessagesRequest } from '../../../shared/messages.ts'
import { forcesTool, hasPrefill } from '../../routing/features.ts'
import { OPEN_MODEL_SAMPLING } from '../../routing/unknown-fields.ts'
import { capabilitiesOf, type ModelCapabilities } from './model-capabilities.ts'

/** New values of top-level members as JSON text; undefined takes the member out. */
export type Changes = ReadonlyMap<string, string | undefined>

export type FitOptions = {
  /** The API version that the client names; newer ones refuse sampling parameters for every model. */
  readonly version: string | undefined
  /** The client may not have chosen the model, so what it asked of another must not fail here. */
  readonly chosenByRouter: boolean
  /** The router wrote the body, for a client that cannot know Claude's limits. */
  readonly translated: boolean
}

const SAMPLING_FIELDS = ['temperature', 'top_p', 'top_k'] as const
/** The first API version on which sampling parameters are an error. Versions are dates and sort as text. */
const VERSION_WITHOUT_SAMPLING = '2026-10-21'
/** Takes the place of a begun answer: the models that refuse one continue when they are asked to. */
const CONTINUE =
  '{"role":"user","content":"Continue your last message exactly where it stops. Do not repeat any of it."}'

/**
 * Returns what has to change for `model` to take the request.
 * @param text the body that `request` was parsed from
 */
export function fitRequest(
  request: MessagesRequest,
  text: string,
  model: string,
  { version, chosenByRouter, translated }: FitOptions,
): Changes {
  const capabilities = capabilitiesOf(model)
  const changes = new Map<string, string | undefined>()
  for (const field of refusedSampling(request, capabilities, version)) changes.set(field, undefined)
  if (translated || chosenByRouter) {
    fitEffort(request, capabilities, changes)
    if (request.max_tokens > capabilities.maxOutputTokens)
      changes.set('max_tokens', String(capabilities.maxOutputTokens))
    if (!capabilities.systemTurns) moveSystemTurns(request, text, changes)
  }
  // Clients of another API ask whatever model they name to tell what it thinks.
  if (chosenByRouter || (translated && asksToThinkFreely(request)))
    fitThinking(request, capabilities, changes)
  if (chosenByRouter) {
    for (const field of OPEN_MODEL_SAMPLING) if (field in request) changes.set(field, undefined)
    fitTools(request, text, capabilities, changes)
    if (!capabilities.prefill) replacePrefill(request, text, changes)
  }
  return changes
}

function refusedSampling(
  request: MessagesRequest,
  { sampling }: ModelCapabilities,
  version: string | undefined,
): readonly string[] {
  if (sampling === 'none' || (version !== undefined && version >= VERSION_WITHOUT_SAMPLING))
    return SAMPLING_FIELDS.filter((field) => field in request)
  const both = typeof request.temperature === 'number' && typeof request.top_p === 'number'
  return both && sampling === 'temperature_or_top_p' ? ['top_p'] : []
}

type ChangeMap = Map<string, string | undefined>

function fitEffort(request: MessagesRequest, { highestEffort }: ModelCapabilities, changes: ChangeMap): void {
  const config = request.output_config
  if (!isObject(config) || !('effort' in config)) return
  const { effort, ...others } = config
  if (highestEffort === 'max' || (highestEffort === 'high' && effort !== 'xhigh')) return
  const fitted = highestEffort === undefined ? others : { ...others, effort: highestEffort }
  changes.set('output_config', Object.keys(fitted).length > 0 ? JSON.stringify(fitted) : undefined)
}

/** Without the force, a single tool on offer is as near to it as such a model comes. */
function fitTools(
  request: MessagesRequest,
  text: string,
  { forcedTools }: ModelCapabilities,
  changes: ChangeMap,
): void {
  const choice = request.tool_choice
  if (forcedTools || !forcesTool(request) || !isObject(choice)) return
  const { type, name, ...others } = choice
  changes.set('tool_choice', JSON.stringify({ type: 'auto', ...others }))
  if (type !== 'tool') return
  const named = request.tools?.findIndex((tool) => isObject(tool) && tool.name === name) ?? -1
  const only = elementsOf(text, 'tools')[named]
  if (only !== undefined) changes.set('tools', `[${only}]`)
}

function asksToThinkFreely({ thinking }: MessagesRequest): boolean {
  return isObject(thinking) && thinking.type === 'adaptive'
}

function fitThinking(
  request: MessagesRequest,
  { thinking, forcedTools }: ModelCapabilities,
  changes: ChangeMap,
): void {
  const asked = request.thinking
  if (!isObject(asked)) return
  const effort = isObject(request.output_config) ? request.output_config.effort : undefined
  const isOff = asked.type === 'disabled'
  // No model thinks first where it is forced to use a tool; none takes "do not think" beside "try your hardest".
  const contradicts = isOff ? effort === 'xhigh' || effort === 'max' : forcedTools && forcesTool(request)
  if (contradicts) changes.set('thinking', undefined)
  if (contradicts || thinking.some((type) => type === asked.type)) return
  const nearest = isOff ? 'between_tools' : 'adaptive'
  const { budget_tokens: _, ...others } = asked
  changes.set(
    'thinking',
    thinking.includes(nearest) ? JSON.stringify({ ...others, type: nearest }) : undefined,
  )
}

function replacePrefill(request: MessagesRequest, text: string, changes: ChangeMap): void {
  if (!hasPrefill(request)) return
  const messages = changes.get('messages') ?? memberText(text, 'messages')
  if (messages !== undefined)
    changes.set('messages', `${messages.slice(0, messages.lastIndexOf(']'))},${CONTINUE}]`)
}

/** Moves what stands between turns to the end of `system`, as Anthropic's own OpenAI endpoint does. */
function moveSystemTurns(request: MessagesRequest, text: string, changes: ChangeMap): void {
  const isSystem = (index: number) => request.messages[index]?.role === 'system'
  const messages = elementsOf(text, 'messages')
  const moved = messages.filter((_, index) => isSystem(index))
  if (moved.length === 0) return
  const system = [memberText(text, 'system'), ...moved.map((message) => memberText(message, 'content'))]
  changes.set('system', `[${system.flatMap(toBlocks).join(',')}]`)
  changes.set('messages', `[${messages.filter((_, index) => !isSystem(index)).join(',')}]`)
}

/** Returns the blocks of a content field, each as JSON text. */
function toBlocks(content: string | undefined): string[] {
  if (content === undefined || content === 'null' || content === '""') return []
  return content.startsWith('[') ? arrayElements(content) : [`{"type":"text","text":${content}}`]
}

function memberText(text: string, key: string): string | undefined {
  const member = topLevelMembers(text).findLast((candidate) => candidate.key === key)
  return member && text.slice(member.start, member.end)
}

function elementsOf(text: string, key: string): string[] {
  const value = memberText(text, key)
  return value?.startsWith('[') ? arrayElements(value) : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
