/**
 * The visitor's key for a router that asks for one. Kept for this tab only, and sent to this router only.
 */
import { fieldValue } from '../shared/field-value.ts'

const STORED_AS = 'router-key'

/** Returns the key of this tab, or ''. */
export function storedKey(): string {
  try {
    return sessionStorage.getItem(STORED_AS) ?? ''
  } catch {
    return ''
  }
}

/** Keeps the key for this tab; '' forgets it. Where storage is forbidden it holds until the page is left. */
export function storeKey(key: string): void {
  try {
    if (key === '') sessionStorage.removeItem(STORED_AS)
    else sessionStorage.setItem(STORED_AS, key)
  } catch {}
}

/** Renders the field. */
export function KeyField({
  value,
  refused,
  onKey,
}: {
  readonly value: string
  /** The router has said no to this key. */
  readonly refused: boolean
  readonly onKey: (key: string) => void
}) {
  return (
    <label class="field card key">
      Key of this router
      <input
        type="password"
        autocomplete="off"
        value={value}
        placeholder="the key that you were given"
        onChange={(event: Event) => onKey(fieldValue(event).trim())}
      />
      {refused ? <strong role="alert">The router does not take this key.</strong> : null}
      <small>Kept in this tab only, forgotten with it.</small>
    </label>
  )
}
