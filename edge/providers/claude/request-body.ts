/**
 * The bytes that go to Claude: the client's own, but for a virtual model name and, where the router chose the model,
 * fields that the chosen one would reject. A request that the router translated is fitted as a whole. Everything
 * else, spacing and unknown fields included, stays as it came.
 */
import { topLevelMembers } from '../../../shared/json.ts'
import type { RouterRequest } from '../../request.ts'
import type { Target } from '../../target.ts'
import { fitToClaudeModel, takesSampling, takesTemperatureWithTopP } from './model-capabilities.ts'

const SAMPLING_FIELDS = ['temperature', 'top_p', 'top_k']
/** The first API version on which sampling parameters are an error. Versions are dates and sort as text. */
const VERSION_WITHOUT_SAMPLING = '2026-10-21'

/**
 * Returns the body for `target`.
 * @param isFallback the request was answered (or refused) locally first, where sampling parameters are fine
 */
export function claudeRequestBody(
  request: RouterRequest,
  target: Target,
  isFallback: boolean,
): Uint8Array | string {
  if (request.translated)
    return JSON.stringify(fitToClaudeModel({ ...request.view, model: target.model }, target.model))
  const chosenByRouter = request.view.model !== target.model
  const dropped = chosenByRouter || isFallback ? refusedFields(request, target.model) : []
  if (!chosenByRouter && dropped.length === 0) return request.body
  let text = request.text
  if (chosenByRouter) text = replaceModel(text, target.model)
  for (const field of dropped) text = removeMember(text, field)
  return text
}

/** Says whether the model, on this API version, takes temperature, top_p and top_k. */
export function acceptsSampling(model: string, version: string | undefined): boolean {
  if (version !== undefined && version >= VERSION_WITHOUT_SAMPLING) return false
  return takesSampling(model)
}

/** Names the fields of the request that the model would answer with a 400, though the local one takes them. */
function refusedFields(request: RouterRequest, model: string): string[] {
  const { view, apiHeaders } = request
  if (!acceptsSampling(model, apiHeaders['anthropic-version']))
    return SAMPLING_FIELDS.filter((field) => field in view)
  const both = typeof view.temperature === 'number' && typeof view.top_p === 'number'
  return both && !takesTemperatureWithTopP(model) ? ['top_p'] : []
}

function replaceModel(text: string, model: string): string {
  const member = topLevelMembers(text).findLast((candidate) => candidate.key === 'model')
  if (member === undefined) return text
  return text.slice(0, member.start) + JSON.stringify(model) + text.slice(member.end)
}

function removeMember(text: string, key: string): string {
  for (;;) {
    const members = topLevelMembers(text)
    const at = members.findIndex((member) => member.key === key)
    const member = members[at]
    if (member === undefined) return text
    const previous = members[at - 1]
    const from = previous === undefined ? text.indexOf('{') + 1 : previous.end
    // Between a value and the next key there is nothing but space and one comma.
    const to = previous === undefined && members.length > 1 ? text.indexOf(',', member.end) + 1 : member.end
    text = text.slice(0, from) + text.slice(to)
  }
}
