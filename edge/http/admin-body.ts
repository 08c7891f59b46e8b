/**
 * What the administrator's endpoints have in common: bodies that must have a form, and changes that must be stored.
 */
import type * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { parseJsonBody } from '../../shared/json.ts'
import type { ControlChange, ControlProblem, ControlState } from '../control/control-state.ts'
import { MOST_KEYS, MOST_LIMITS, MOST_RETIRED } from '../control/control-state.ts'
import type { ControlStore } from '../control/control-store.ts'
import { describeFirstIssue } from '../strict-members.ts'
import type { AppContext } from './context.ts'
import { readJsonBytes } from './read-body.ts'

/** As much as the limits of a thousand end users need. */
const MAX_BYTES = 128 * 1024

/** Returns the body in the schema's form. @throws {RouterError} `invalid_request` that names the member which is wrong */
export async function readAdminBody<T>(context: AppContext, schema: z.ZodMiniType<T>): Promise<T> {
  const { value } = parseJsonBody(await readJsonBytes(context.req.raw, MAX_BYTES))
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new RouterError('invalid_request', describeFirstIssue(parsed.error, 'The body'))
}

const PROBLEMS: Readonly<Record<ControlProblem, () => RouterError>> = {
  no_such_key: () =>
    new RouterError('not_found', 'There is no such key. GET /v1/router/keys lists those that there are.'),
  too_many_keys: () =>
    new RouterError('invalid_request', `There are ${MOST_KEYS} keys already. Revoke one that is not used.`),
  too_many_rotations: () =>
    new RouterError(
      'invalid_request',
      `${MOST_RETIRED} earlier forms of this key are still valid. Wait until one is not, or give graceSeconds 0.`,
    ),
  too_many_limits: () =>
    new RouterError(
      'invalid_request',
      `${MOST_LIMITS} tenants have limits of their own already. Use "*" for what holds for all.`,
    ),
}

/**
 * Makes a change and returns the state behind it.
 * @throws {RouterError} that says why it cannot be made; `unavailable` where it cannot be stored
 */
export async function changeControl(control: ControlStore, change: ControlChange): Promise<ControlState> {
  const result = await control.change(change).catch((cause) => {
    throw new RouterError('unavailable', 'The change could not be stored. Try again.', { cause })
  })
  if ('problem' in result) throw PROBLEMS[result.problem]()
  return result.state
}

/** Returns what is set at runtime. @throws {RouterError} `unavailable` where it could not be read yet */
export function requireKnown(control: ControlStore): ControlState {
  const state = control.known()
  if (state !== undefined) return state
  throw new RouterError('unavailable', 'What is set at runtime cannot be read at the moment. Try again.')
}
