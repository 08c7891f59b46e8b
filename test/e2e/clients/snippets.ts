/**
 * The code of a page of documentation: its fenced blocks, with the page's stand-ins for address and key replaced.
 */

export type Snippet = {
  /** The heading above it, and its number below that heading. */
  readonly name: string
  readonly language: string
  readonly code: string
}

const ADDRESS = 'http://127.0.0.1:8787'
const KEY = 'YOUR_KEY'

/** Returns the blocks in order. */
export function readSnippets(markdown: string): Snippet[] {
  let heading = ''
  let count = 0
  const found: Snippet[] = []
  for (const match of markdown.matchAll(/^## (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const [, title, language = '', code = ''] = match
    if (title === undefined) found.push({ name: `${heading} ${++count}`, language, code })
    else {
      heading = title
      count = 0
    }
  }
  return found
}

/** Returns the code for a router at `url`. */
export function fillIn(code: string, url: string, key: string): string {
  return code.replaceAll(ADDRESS, url).replaceAll(KEY, key)
}
