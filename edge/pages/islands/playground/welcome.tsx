/**
 * What a visitor sees first: who can answer here, what a Claude key would add, and something to try.
 */
import type { RouterStatus, Told } from '../../playground/router-client.ts'

const EXAMPLES = [
  { kind: 'Small talk', text: 'Good morning!' },
  { kind: 'A simple question', text: 'What colour is a ripe banana?' },
  {
    kind: 'A label',
    text: 'Is this review positive or negative? "The soup was cold and the waiter was rude."',
  },
  {
    kind: 'Reasoning and code',
    text: 'Prove that the square root of 2 is irrational, then write a Python function that finds the continued fraction of a square root.',
  },
]

const STATES: Readonly<Record<string, string>> = {
  busy: 'busy',
  down: 'not reachable',
  waking: 'waking up …',
}

/** Renders who can answer, in one line. */
export function StatusLine({ status }: { readonly status: Told<RouterStatus> | undefined }) {
  if (status?.ok !== true)
    return <p class="status soft">{status === undefined ? 'Looking who is there …' : ''}</p>
  const { local, claude, strategy } = status.value
  const localWord = !local.enabled
    ? 'switched off'
    : local.available
      ? (local.model ?? 'ready')
      : (STATES[local.servers[0]?.state ?? ''] ?? 'loading …')
  return (
    <p class="status">
      <span class={`badge ${local.available ? 'local' : ''}`}>Local: {localWord}</span>
      <span class={`badge ${claude.available ? 'claude' : ''}`}>
        Claude: {claude.available ? claude.model : 'no key'}
      </span>
      <span class="badge">Strategy: {strategy}</span>
    </p>
  )
}

/** Renders what works without Claude's key, where there is none. */
export function WithoutClaude({ status }: { readonly status: Told<RouterStatus> | undefined }) {
  if (status?.ok !== true || status.value.claude.available) return null
  const { local } = status.value
  return (
    <p class="notice">
      {local.enabled ? (
        <>
          <strong>Works without a key:</strong> small talk, simple questions, summaries and labels are
          answered by the local model, on this router’s own CPU, for nothing.{' '}
        </>
      ) : (
        <>
          <strong>Nobody can answer yet:</strong> the local model is switched off and Claude has no key.{' '}
        </>
      )}
      <strong>With</strong> <code>ANTHROPIC_API_KEY</code> in <code>.env</code> (then start again) Claude
      answers everything else: code, reasoning, tools, images. Until then such a request gets an error that
      says so.
    </p>
  )
}

/** Renders examples to try. */
export function Examples({ onChoose }: { readonly onChoose: (text: string) => void }) {
  return (
    <div class="examples">
      <p class="soft">Try one, or write your own. The verdict shows who would answer before you send it.</p>
      <ul>
        {EXAMPLES.map(({ kind, text }) => (
          <li>
            <button type="button" onClick={() => onChoose(text)}>
              <small class="soft">{kind}</small>
              {text}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
