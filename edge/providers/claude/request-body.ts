/**
 * The bytes that go to Claude: the client's own, but for a virtual model name, members that the model would refuse although
 * the client did not choose it, and marks for the prompt cache. Everything else, spacing, digits and unknown fields
 * included, stays as it came.
 */
import { topLevelMembers } from '../../../shared/json.ts'
import { type Marks, NO_MARKS, placeMarks } from '../../prompt-cache/place-marks.ts'
import type { RouterRequest } from '../../request.ts'
import type { Target } from '../../target.ts'
import { type Changes, fitRequest } from './fit-request.ts'
import { maxOutputTokens } from './model-capabilities.ts'

/** What the changes of a request depend on. */
export type ChangedRequest = Pick<RouterRequest, 'view' | 'text' | 'translated' | 'apiHeaders' | 'unlimited'>

/**
 * Returns which members `target` is sent otherwise than they came.
 * @param isFallback the request was answered (or refused) locally first, where sampling parameters are fine
 */
export function claudeChanges(request: ChangedRequest, target: Target, isFallback: boolean): Changes {
  const { view, text, translated, apiHeaders } = request
  const chosenByRouter = view.model !== target.model
  const mayChange = translated || chosenByRouter || isFallback
  const changes = new Map(
    mayChange
      ? fitRequest(view, text, target.model, {
          version: apiHeaders['anthropic-version'],
          chosenByRouter,
          translated,
        })
      : [],
  )
  if (request.unlimited) changes.set('max_tokens', String(maxOutputTokens(target.model)))
  if (chosenByRouter) changes.set('model', JSON.stringify(target.model))
  return changes
}

/**
 * Returns the body with its changes.
 * @param changes what `claudeChanges` returned for the request
 * @param marks what is marked for the prompt cache; only for a request that marks nothing itself, and only instructions that
 * do not change
 */
export function claudeRequestBody(
  { view, text, body }: Pick<RouterRequest, 'view' | 'text' | 'body'>,
  changes: Changes,
  marks: Marks = NO_MARKS,
): Uint8Array | string {
  const isMarked = marks.instructions || marks.conversation
  if (changes.size === 0 && !isMarked) return body
  const changed = applyChanges(text, changes)
  return isMarked ? placeMarks(changed, view, marks) : changed
}

/** Returns the text with new values in the place of the old; a member that was not there is put first. */
function applyChanges(text: string, changes: Changes): string {
  let changed = text
  for (const [key, value] of changes)
    changed = value === undefined ? removeMember(changed, key) : setMember(changed, key, value)
  return changed
}

function setMember(text: string, key: string, value: string): string {
  const member = topLevelMembers(text).findLast((candidate) => candidate.key === key)
  if (member !== undefined) return text.slice(0, member.start) + value + text.slice(member.end)
  const at = text.indexOf('{') + 1
  return `${text.slice(0, at)}${JSON.stringify(key)}:${value},${text.slice(at)}`
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
