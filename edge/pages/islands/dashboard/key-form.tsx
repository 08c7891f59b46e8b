/**
 * The form that makes a key.
 */
import { useState } from 'hono/jsx/dom'
import { STRATEGIES } from '../../../strategy.ts'
import { CONTROLS } from '../../../tenant-policy.ts'
import { type NewKey, newKeySchema } from '../../dashboard/api-schemas.ts'
import { type ApiProblem, callApi } from './api.ts'
import { ProblemNotice } from './problem-notice.tsx'
import { asProblem } from './use-loaded.ts'

/** Renders the form. */
export function KeyForm({ onMade }: { readonly onMade: (key: NewKey) => void }) {
  const [problem, setProblem] = useState<ApiProblem | undefined>(undefined)
  const submit = (event: Event) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    callApi('POST', '/v1/router/keys', bodyOf(new FormData(form)), newKeySchema).then(
      (key) => {
        setProblem(undefined)
        form.reset()
        onMade(key)
      },
      (error: unknown) => setProblem(asProblem(error)),
    )
  }
  return (
    <section class="card" aria-labelledby="new-key">
      <h2 id="new-key">Make a key</h2>
      <form class="fields" onSubmit={submit}>
        <label class="field">
          Tenant
          <input name="tenant" required maxlength={64} autocomplete="off" />
        </label>
        <label class="field">
          Strategy
          <select name="strategy">
            <option value="">as the router has it</option>
            {STRATEGIES.map((strategy) => (
              <option value={strategy}>{strategy}</option>
            ))}
          </select>
        </label>
        <label class="field">
          Models, separated by commas, * as wildcard
          <input name="models" placeholder="all" autocomplete="off" />
        </label>
        <label class="field">
          Ends
          <input
            name="expiresAt"
            type="datetime-local"
            min={new Date().toISOString().slice(0, 10).concat('T00:00')}
          />
        </label>
        <fieldset class="wide">
          <legend class="soft">May not use</legend>
          {CONTROLS.map((control) => (
            <label class="check">
              <input type="checkbox" name="forbid" value={control} /> {control}
            </label>
          ))}
        </fieldset>
        <ProblemNotice problem={problem} />
        <div class="wide">
          <button type="submit" class="primary">
            Make the key
          </button>
        </div>
      </form>
    </section>
  )
}

function bodyOf(data: FormData): unknown {
  const read = (name: string) => String(data.get(name) ?? '').trim()
  const models = read('models')
    .split(',')
    .map((model) => model.trim())
    .filter((model) => model !== '')
  return {
    tenant: read('tenant'),
    ...(read('strategy') === '' ? {} : { strategy: read('strategy') }),
    ...(models.length === 0 ? {} : { models }),
    ...(read('expiresAt') === '' ? {} : { expiresAt: new Date(read('expiresAt')).toISOString() }),
    forbid: data.getAll('forbid').map(String),
  }
}
