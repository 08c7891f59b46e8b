/**
 * Where the message is written and sent. Enter sends, Shift+Enter makes a new line, Escape stops.
 */
import type { Child } from 'hono/jsx'
import { useEffect, useRef } from 'hono/jsx/dom'

type ComposerProperties = {
  readonly text: string
  readonly running: boolean
  /** The verdict in short, for screens on which the panel is out of sight. */
  readonly verdict: Child
  readonly onText: (text: string) => void
  readonly onSend: () => void
  readonly onStop: () => void
}

/** Renders the field and its buttons. */
export function Composer({ text, running, verdict, onText, onSend, onStop }: ComposerProperties) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus({ preventScroll: true }), [])
  const onKeyDown = (event: KeyboardEvent) => {
    // The Enter that ends a word of an input method is not the visitor's wish to send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    if (!running) onSend()
  }
  return (
    <form
      class="composer"
      onSubmit={(event: Event) => {
        event.preventDefault()
        onSend()
      }}
    >
      <label class="unseen" for="message">
        Message
      </label>
      <textarea
        id="message"
        ref={field}
        rows={2}
        value={text}
        placeholder="Write a message …"
        aria-describedby="keys"
        onInput={(event: Event) => {
          if (event.target instanceof HTMLTextAreaElement) onText(event.target.value)
        }}
        onKeyDown={onKeyDown}
      />
      <div class="composer-row">
        <span class="short-verdict">{text.trim() === '' ? null : verdict}</span>
        <span id="keys" class="soft keys">
          <kbd>Enter</kbd> sends, <kbd>Shift+Enter</kbd> new line, <kbd>Esc</kbd> stops
        </span>
        {running ? (
          <button type="button" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button type="submit" class="primary" disabled={text.trim() === ''}>
            Send
          </button>
        )}
      </div>
    </form>
  )
}
