/**
 * The table of keys and what can be done with each.
 */
import { useState } from 'hono/jsx/dom'
import * as z from 'zod/mini'
import { keySchema, type NewKey, newKeySchema, type ShownKey } from '../../dashboard/api-schemas.ts'
import { createTimeFormat } from '../../format-figures.ts'
import { type ApiProblem, callApi } from './api.ts'
import { EndField } from './end-field.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { HOME_TIMEZONE } from './use-address.ts'
import { asProblem } from './use-loaded.ts'

export type KeyTableProperties = {
  readonly keys: readonly ShownKey[]
  readonly onChanged: () => void
  readonly onMade: (key: NewKey) => void
}

/** How long an earlier form of a key still opens after it was rotated, unless the person chooses otherwise. */
const GRACE_SECONDS = 3_600

/** Renders the table. */
export function KeyTable({ keys, onChanged, onMade }: KeyTableProperties) {
  const [problem, setProblem] = useState<ApiProblem | undefined>(undefined)
  const act = (work: Promise<unknown>) => {
    work.then(
      () => {
        setProblem(undefined)
        onChanged()
      },
      (error: unknown) => setProblem(asProblem(error)),
    )
  }
  return (
    <section class="card">
      <ProblemNotice problem={problem} />
      <table class="stacked">
        <caption class="unseen">Keys made at runtime</caption>
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            <th scope="col">Begins with</th>
            <th scope="col">Policy</th>
            <th scope="col">Made</th>
            <th scope="col">Ends</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <KeyRow key={key.id} shown={key} act={act} onMade={onMade} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

type KeyRowProperties = {
  readonly shown: ShownKey
  readonly act: (work: Promise<unknown>) => void
  readonly onMade: (key: NewKey) => void
}

function KeyRow({ shown, act, onMade }: KeyRowProperties) {
  const [asked, setAsked] = useState<'rotate' | 'revoke' | undefined>(undefined)
  const path = `/v1/router/keys/${encodeURIComponent(shown.id)}`
  const time = createTimeFormat(HOME_TIMEZONE)
  const rotate = async () =>
    onMade(await callApi('POST', `${path}/rotate`, { graceSeconds: GRACE_SECONDS }, newKeySchema))
  const confirmed = () => {
    act(asked === 'rotate' ? rotate() : callApi('DELETE', path, undefined, z.unknown()))
    setAsked(undefined)
  }
  return (
    <tr>
      <th scope="row">{shown.tenant}</th>
      <td data-label="Begins with">
        <code>{shown.prefix}…</code>
      </td>
      <td data-label="Policy">{policyOf(shown)}</td>
      <td data-label="Made">{time(Date.parse(shown.createdAt)).slice(0, 16)}</td>
      <td data-label="Ends">
        <EndField
          shown={shown}
          onSet={(expiresAt) => act(callApi('PATCH', path, { expiresAt }, keySchema))}
        />
      </td>
      <td>
        {asked === undefined ? (
          <div class="row">
            <button type="button" class="small" onClick={() => setAsked('rotate')}>
              Rotate<span class="unseen"> the key of {shown.tenant}</span>
            </button>
            <button type="button" class="small" onClick={() => setAsked('revoke')}>
              Revoke<span class="unseen"> the key of {shown.tenant}</span>
            </button>
          </div>
        ) : (
          <fieldset class="row" aria-label="Are you sure?">
            <span>
              {asked === 'rotate'
                ? 'A new key; the old one opens for one more hour.'
                : 'It opens nothing from now on.'}
            </span>
            <button type="button" class="small primary" onClick={confirmed}>
              {asked === 'rotate' ? 'Rotate it' : 'Revoke it'}
            </button>
            <button type="button" class="small" onClick={() => setAsked(undefined)}>
              Leave it
            </button>
          </fieldset>
        )}
      </td>
    </tr>
  )
}

function policyOf({ strategy, models, forbid, promptCache }: ShownKey): string {
  const parts = [
    strategy === null ? undefined : `strategy ${strategy}`,
    models === null ? undefined : `models ${models.join(', ')}`,
    forbid.length === 0 ? undefined : `may not use ${forbid.join(', ')}`,
    promptCache === null ? undefined : `prompt cache ${promptCache}`,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? 'everything' : parts.join('; ')
}
