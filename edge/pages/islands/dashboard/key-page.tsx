/**
 * The keys made at runtime: a new one is shown once, others are rotated, given an end, or revoked. What a key may do is
 * decided by the API.
 */
import { useState } from 'hono/jsx/dom'
import { keyListSchema, type NewKey } from '../../dashboard/api-schemas.ts'
import { readApi } from './api.ts'
import { KeyForm } from './key-form.tsx'
import { KeyTable } from './key-table.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { useLoaded } from './use-loaded.ts'

/** Renders the view. */
export function KeyPage() {
  const { value, problem, loading, reload } = useLoaded('keys', () =>
    readApi('/v1/router/keys', keyListSchema),
  )
  const [made, setMade] = useState<NewKey | undefined>(undefined)
  const show = (key: NewKey) => {
    setMade(key)
    reload()
  }
  return (
    <div aria-busy={loading ? 'true' : 'false'}>
      <h1>Keys</h1>
      <p class="soft">
        Keys made here, beside those of ROUTER_KEYS. They hold in every instance within two seconds.
      </p>
      <ProblemNotice problem={problem} />
      {made === undefined ? null : <MadeKey made={made} onSeen={() => setMade(undefined)} />}
      {value === undefined ? null : (
        <>
          {value.data.length === 0 ? (
            <p class="card">No key has been made yet.</p>
          ) : (
            <KeyTable keys={value.data} onChanged={reload} onMade={show} />
          )}
          <KeyForm onMade={show} />
        </>
      )}
    </div>
  )
}

function MadeKey({ made, onSeen }: { readonly made: NewKey; readonly onSeen: () => void }) {
  const [copied, setCopied] = useState(false)
  return (
    <section class="card made-key" role="status">
      <h2>The key of {made.tenant}</h2>
      <p>It is shown this once: only its digest is kept.</p>
      <p>
        <code id="made-key">{made.key}</code>
      </p>
      <div class="row">
        <button
          type="button"
          class="primary"
          onClick={() => {
            navigator.clipboard.writeText(made.key).then(
              () => setCopied(true),
              () => getSelection()?.selectAllChildren(document.getElementById('made-key') ?? document.body),
            )
          }}
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" onClick={onSeen}>
          I have kept it
        </button>
      </div>
    </section>
  )
}
