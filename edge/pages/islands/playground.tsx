/**
 * The playground's entry: puts the chat into the page.
 */
import { render } from 'hono/jsx/dom'

const place = document.getElementById('playground')
if (place !== null) render(<h1>Playground</h1>, place)
