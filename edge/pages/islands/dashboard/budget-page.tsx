/**
 * The limits of tenants and of their end users: read, set, and given back to the settings.
 */
import { useState } from 'hono/jsx/dom'
import { type Budget, budgetListSchema, budgetSchema } from '../../dashboard/api-schemas.ts'
import { limitSentences } from '../../dashboard/limit-texts.ts'
import { fieldValue } from '../shared/field-value.ts'
import { type ApiProblem, callApi, readApi } from './api.ts'
import { UseList } from './budget-cards.tsx'
import { BudgetForm } from './budget-form.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { asProblem, useLoaded } from './use-loaded.ts'

/** Renders the view. */
export function BudgetPage() {
  const { value, problem, loading, reload } = useLoaded('budgets', () =>
    readApi('/v1/router/budgets', budgetListSchema),
  )
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  return (
    <div aria-busy={loading ? 'true' : 'false'}>
      <h1>Budgets</h1>
      <p class="soft">
        Limits of a tenant as a whole and of its end users. “*” stands for every tenant that has none of its
        own.
      </p>
      <ProblemNotice problem={problem} />
      {value === undefined ? null : (
        <>
          {value.data.length === 0 ? <p class="card">No tenant has limits.</p> : null}
          {value.data.map((budget) => (
            <TenantCard
              key={budget.tenant}
              listed={budget}
              isOpen={chosen === budget.tenant}
              onEdit={() => setChosen(budget.tenant)}
              onDone={() => {
                setChosen(undefined)
                reload()
              }}
            />
          ))}
          <NewTenant onChoose={(tenant) => setChosen(tenant)} />
          {chosen === undefined || value.data.some(({ tenant }) => tenant === chosen) ? null : (
            <section class="card">
              <h2>{chosen}</h2>
              <BudgetForm
                budget={{ tenant: chosen, limits: null, source: null, setFor: null }}
                onDone={() => {
                  setChosen(undefined)
                  reload()
                }}
              />
            </section>
          )}
        </>
      )}
    </div>
  )
}

type TenantCardProperties = {
  readonly listed: Budget
  readonly isOpen: boolean
  readonly onEdit: () => void
  readonly onDone: () => void
}

function TenantCard({ listed, isOpen, onEdit, onDone }: TenantCardProperties) {
  const { tenant, source } = listed
  const path = `/v1/router/budgets/${encodeURIComponent(tenant)}`
  const { value, problem } = useLoaded(JSON.stringify(listed), () => readApi(path, budgetSchema))
  const [failure, setFailure] = useState<ApiProblem | undefined>(undefined)
  const clear = () => {
    callApi('DELETE', path, undefined, budgetSchema).then(onDone, (error: unknown) =>
      setFailure(asProblem(error)),
    )
  }
  return (
    <section class="card" aria-label={`Limits of ${tenant}`}>
      <h2>{tenant}</h2>
      <ProblemNotice problem={problem ?? failure} />
      <ul class="plain">
        {limitSentences(listed.limits).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {tenant === '*' ? null : <UseList uses={value?.usage ?? []} />}
      {isOpen ? (
        <BudgetForm budget={listed} onDone={onDone} />
      ) : (
        <div class="row">
          <button type="button" class="small" onClick={onEdit}>
            Edit<span class="unseen"> the limits of {tenant}</span>
          </button>
          {source === 'runtime' ? (
            <button type="button" class="small" onClick={clear}>
              Back to the settings<span class="unseen"> for {tenant}</span>
            </button>
          ) : (
            <span class="soft">from the settings</span>
          )}
        </div>
      )}
    </section>
  )
}

function NewTenant({ onChoose }: { readonly onChoose: (tenant: string) => void }) {
  const [name, setName] = useState('')
  return (
    <form
      class="row card"
      onSubmit={(event: Event) => {
        event.preventDefault()
        if (name.trim() !== '') onChoose(name.trim())
        setName('')
      }}
    >
      <label class="field">
        Another tenant, or *
        <input value={name} autocomplete="off" onInput={(event: Event) => setName(fieldValue(event))} />
      </label>
      <button type="submit">Set limits</button>
    </form>
  )
}
