/**
 * The playground's content as it comes from the server: a place for the island, and a word for browsers without scripts.
 */

/** Renders the page's content. */
export function PlaygroundPage() {
  return (
    <div id="playground">
      <noscript>
        <p class="notice">
          The playground needs JavaScript. The API does not: <a href="/docs">see its documentation</a>.
        </p>
      </noscript>
    </div>
  )
}
