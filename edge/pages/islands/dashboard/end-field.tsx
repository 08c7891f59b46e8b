/**
 * When a key ends: shown, set and taken away. Sends nothing while somebody types: a half-typed year is a date, too, and a field
 * in which one part is empty would take the end away.
 */
import { useState } from 'hono/jsx/dom'
import type { ShownKey } from '../../dashboard/api-schemas.ts'
import { createTimeFormat } from '../../format-figures.ts'
import { fieldValue } from '../shared/field-value.ts'
import { HOME_TIMEZONE } from './use-address.ts'

export type EndFieldProperties = {
  readonly shown: ShownKey
  readonly onSet: (expiresAt: string | null) => void
}

/** Renders the field with its buttons. */
export function EndField({ shown, onSet }: EndFieldProperties) {
  const { expiresAt, expired, tenant } = shown
  const inForce = expiresAt === null ? '' : localInput(Date.parse(expiresAt))
  const [typed, setTyped] = useState<string | undefined>(undefined)
  const text = typed ?? inForce
  const submit = (event: Event) => {
    event.preventDefault()
    setTyped(undefined)
    onSet(new Date(text).toISOString())
  }
  return (
    <form class="row" onSubmit={submit}>
      {expired ? <span class="badge danger">over</span> : null}
      <input
        type="datetime-local"
        required
        min={localInput(Date.now())}
        aria-label={`When the key of ${tenant} ends`}
        value={text}
        onInput={(event: Event) => setTyped(fieldValue(event))}
      />
      {text === inForce ? null : (
        <button type="submit" class="small primary">
          Set<span class="unseen"> the end of the key of {tenant}</span>
        </button>
      )}
      {expiresAt === null ? null : (
        <button type="button" class="small" onClick={() => onSet(null)}>
          No end<span class="unseen"> for the key of {tenant}</span>
        </button>
      )}
    </form>
  )
}

/** As the field has it: the visitor's own time, without a zone. */
function localInput(time: number): string {
  return createTimeFormat(HOME_TIMEZONE)(time).slice(0, 16).replace(' ', 'T')
}
