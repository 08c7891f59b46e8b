/**
 * The request as code, to be copied.
 */
import { useState } from 'hono/jsx/dom'
import type { AskRequest } from '../../playground/ask-options.ts'
import { createSnippets } from '../../playground/snippets.ts'

/** How long the button says that it has copied, ms. */
const SAID_FOR_MS = 1_500

/** Renders the snippets, closed. */
export function Snippets({ request }: { readonly request: AskRequest }) {
  const snippets = createSnippets(request, location.origin)
  const [chosen, choose] = useState(0)
  const [copied, setCopied] = useState(false)
  const text = snippets[chosen]?.text ?? ''
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), SAID_FOR_MS)
    } catch {
      // Not allowed here: the text can still be marked and copied.
    }
  }
  return (
    <details class="snippets">
      <summary>Code</summary>
      <div class="snippet-bar">
        <fieldset>
          <legend class="unseen">Language</legend>
          {snippets.map(({ name }, index) => (
            <button
              type="button"
              class="quiet small"
              aria-pressed={index === chosen ? 'true' : 'false'}
              onClick={() => choose(index)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <button type="button" class="small" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      <pre tabindex={0}>
        <code>{text}</code>
      </pre>
    </details>
  )
}
