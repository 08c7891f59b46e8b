/**
 * The playground's entry: puts the chat into the page.
 */
import { render } from 'hono/jsx/dom'
import { Playground } from './playground/playground.tsx'

const place = document.getElementById('playground')
if (place !== null) {
  place.replaceChildren()
  render(<Playground />, place)
}
