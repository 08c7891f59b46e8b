/**
 * The form of one tenant's limits: its own, those of every end user, those of users by name.
 */
import { useState } from 'hono/jsx/dom'
import { ON_BUDGET } from '../../../budgets/limits.ts'
import { type Budget, budgetSchema } from '../../dashboard/api-schemas.ts'
import {
  LIMIT_FIELDS,
  LIMIT_LABELS,
  type LimitField,
  type LimitTexts,
  limitOfTexts,
  limitTexts,
} from '../../dashboard/limit-texts.ts'
import { fieldValue } from '../shared/field-value.ts'
import { type ApiProblem, callApi } from './api.ts'
import { ProblemNotice } from './problem-notice.tsx'
import { asProblem } from './use-loaded.ts'

export type BudgetFormProperties = { readonly budget: Budget; readonly onDone: () => void }

type NamedUser = { readonly name: string; readonly texts: LimitTexts }

/** Renders the form. */
export function BudgetForm({ budget: { tenant, limits }, onDone }: BudgetFormProperties) {
  const [ofTenant, setOfTenant] = useState(limitTexts(limits?.tenant))
  const [ofUser, setOfUser] = useState(limitTexts(limits?.user))
  const [users, setUsers] = useState<readonly NamedUser[]>(
    Object.entries(limits?.users ?? {}).map(([name, limit]) => ({ name, texts: limitTexts(limit) })),
  )
  const [timezone, setTimezone] = useState(limits?.timezone ?? '')
  const [onBudget, setOnBudget] = useState<string>(limits?.onBudget ?? '')
  const [problem, setProblem] = useState<ApiProblem | undefined>(undefined)
  const change = (at: number, next: NamedUser) =>
    setUsers(users.map((user, index) => (index === at ? next : user)))
  const submit = (event: Event) => {
    event.preventDefault()
    const named = users.flatMap(({ name, texts }) => {
      const limit = limitOfTexts(texts)
      return name.trim() === '' || limit === undefined ? [] : [[name.trim(), limit] as const]
    })
    const body = withoutUndefined({
      tenant: limitOfTexts(ofTenant),
      user: limitOfTexts(ofUser),
      users: named.length === 0 ? undefined : Object.fromEntries(named),
      timezone: timezone.trim() === '' ? undefined : timezone.trim(),
      onBudget: onBudget === '' ? undefined : onBudget,
    })
    callApi('PUT', `/v1/router/budgets/${encodeURIComponent(tenant)}`, body, budgetSchema).then(
      onDone,
      (error: unknown) => setProblem(asProblem(error)),
    )
  }
  return (
    <form class="fields" onSubmit={submit} aria-label={`Limits of ${tenant}`}>
      <LimitFields legend="The tenant as a whole" texts={ofTenant} onChange={setOfTenant} />
      <LimitFields legend="Every end user who is not named below" texts={ofUser} onChange={setOfUser} />
      {users.map(({ name, texts }, index) => (
        <fieldset class="wide" key={index}>
          <label class="field">
            End user
            <input
              value={name}
              onInput={(event: Event) => change(index, { name: fieldValue(event), texts })}
            />
          </label>
          <LimitFields
            legend={`Limits of ${name === '' ? 'this user' : name}`}
            texts={texts}
            onChange={(next) => change(index, { name, texts: next })}
          />
        </fieldset>
      ))}
      <div class="wide">
        <button
          type="button"
          class="small"
          onClick={() => setUsers([...users, { name: '', texts: limitTexts(undefined) }])}
        >
          Add an end user
        </button>
      </div>
      <label class="field">
        Time zone of days and months
        <input
          value={timezone}
          placeholder="UTC"
          onInput={(event: Event) => setTimezone(fieldValue(event))}
        />
      </label>
      <label class="field">
        At a hard limit
        <select onChange={(event: Event) => setOnBudget(fieldValue(event))}>
          <option value="">as ON_BUDGET says</option>
          {ON_BUDGET.map((each) => (
            <option value={each} selected={each === onBudget}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <ProblemNotice problem={problem} />
      <div class="row wide">
        <button type="submit" class="primary">
          Save
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  )
}

type LimitFieldsProperties = {
  readonly legend: string
  readonly texts: LimitTexts
  readonly onChange: (texts: LimitTexts) => void
}

function LimitFields({ legend, texts, onChange }: LimitFieldsProperties) {
  return (
    <fieldset class="wide limits">
      <legend>{legend}</legend>
      {LIMIT_FIELDS.map((field: LimitField) => (
        <label class="field" key={field}>
          {LIMIT_LABELS[field]}
          <input
            inputmode="decimal"
            placeholder="no limit"
            value={texts[field]}
            onInput={(event: Event) => onChange({ ...texts, [field]: fieldValue(event) })}
          />
        </label>
      ))}
    </fieldset>
  )
}

function withoutUndefined(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
