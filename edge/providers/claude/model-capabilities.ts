/**
 * What each generation of Claude models refuses. Where the request is the router's translation, `fitToClaudeModel`
 * removes it: OpenAI's clients cannot know these limits. A native request's bytes are `claude-request.ts`'s affair.
 */
import type { ContentBlock, MessagesRequest } from '../../../shared/messages.ts'

/** A model's generation as one comparable number: 4.6 is 406. */
type Version = number

const FIRST_WITHOUT_SAMPLING: Version = 407
const FIRST_WITH_ONE_OF_TWO: Version = 401

/**
 * Returns the request as `model` accepts it. Models whose name says no version count as newer than all known ones.
 *
 * - `temperature`, `top_p`, `top_k`: refused from Claude 4.7 on; from 4.1 on only one of the first two is taken.
 * - `output_config.effort`: known from Opus 4.5 and the other families' 4.6 on; `xhigh` from 4.7 on.
 * - role `system` between turns: known from Opus 4.8 and the 5.x models on, except Sonnet 5; before that such
 *   messages move to the end of `system`, as Anthropic's own OpenAI endpoint does it.
 *
 * Source: Anthropic's model and migration pages, November 2026.
 */
export function fitToClaudeModel(request: MessagesRequest, model: string): MessagesRequest {
  const version = versionOf(model)
  if (version === undefined) return withoutSampling(request)
  const withSystem = takesSystemTurns(model, version) ? request : withSystemTurnsMoved(request)
  const withEffort = fitEffort(withSystem, model, version)
  if (version >= FIRST_WITHOUT_SAMPLING) return withoutSampling(withEffort)
  if (version >= FIRST_WITH_ONE_OF_TWO && typeof withEffort.temperature === 'number') {
    const { top_p: _, ...rest } = withEffort
    return rest
  }
  return withEffort
}

/** Says whether the model takes temperature, top_p and top_k. Unknown names count as newest. */
export function takesSampling(model: string): boolean {
  const version = versionOf(model)
  return version !== undefined && version < FIRST_WITHOUT_SAMPLING
}

/** Says whether a model that takes sampling parameters takes temperature and top_p in one request. */
export function takesTemperatureWithTopP(model: string): boolean {
  const version = versionOf(model)
  return version !== undefined && version < FIRST_WITH_ONE_OF_TWO
}

/** Reads `claude-opus-4-5-20251101`, `claude-sonnet-4-20250514`, `claude-3-7-sonnet-latest` and the like. */
function versionOf(model: string): Version | undefined {
  const match = /claude-(?:[a-z]+-)?(\d)(?:[-.](\d))?(?![\d])/.exec(model)
  if (match === null) return undefined
  return Number(match[1]) * 100 + Number(match[2] ?? 0)
}

function takesSystemTurns(model: string, version: Version): boolean {
  return version >= 408 && !(model.includes('sonnet') && version === 500)
}

function withoutSampling(request: MessagesRequest): MessagesRequest {
  const { temperature: _temperature, top_p: _topP, top_k: _topK, ...rest } = request
  return rest
}

function fitEffort(request: MessagesRequest, model: string, version: Version): MessagesRequest {
  const config = request.output_config
  if (typeof config !== 'object' || config === null || !('effort' in config)) return request
  const known = version >= (model.includes('opus') ? 405 : 406)
  const { effort, ...others } = config
  const { output_config: _, ...rest } = request
  if (known)
    return {
      ...rest,
      output_config: { ...others, effort: version < 407 && effort === 'xhigh' ? 'high' : effort },
    }
  return Object.keys(others).length > 0 ? { ...rest, output_config: others } : rest
}

function withSystemTurnsMoved(request: MessagesRequest): MessagesRequest {
  const moved = request.messages.filter((message) => message.role === 'system')
  if (moved.length === 0) return request
  return {
    ...request,
    system: [...toBlocks(request.system ?? ''), ...moved.flatMap((message) => toBlocks(message.content))],
    messages: request.messages.filter((message) => message.role !== 'system'),
  }
}

function toBlocks(content: string | ContentBlock[]): ContentBlock[] {
  if (typeof content !== 'string') return content
  return content === '' ? [] : [{ type: 'text', text: content }]
}
