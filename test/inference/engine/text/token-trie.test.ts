import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTokenTrie, walkTrie } from '../../../../inference/engine/text/token-trie.ts'

type State = { readonly next: ReadonlyMap<number, State>; readonly written: string }

/** Returns the first of the states that lead through each of the texts. */
function statesOf(texts: readonly string[], written = ''): State {
  const next = new Map<number, State>()
  for (const text of texts)
    if (text.startsWith(written) && text.length > written.length)
      next.set(text.charCodeAt(written.length), statesOf(texts, text.slice(0, written.length + 1)))
  return { next, written }
}

test('finds the tokens that texts begin with, each once, with the state after it and its length', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\xff'), minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fc.array(text, { maxLength: 30 }), fc.array(text, { maxLength: 5 }), (tokens, texts) => {
      const found: string[] = []
      const trie = createTokenTrie(tokens.map((bytes, id) => ({ id, bytes })))
      walkTrie(trie, statesOf(texts), (token, { written }, length) => {
        expect([written, length]).toEqual([tokens[token], tokens[token]?.length])
        found.push(`${token} ${written}`)
      })
      const expected = tokens.flatMap((bytes, id) =>
        texts.some((each) => each.startsWith(bytes)) ? [`${id} ${bytes}`] : [],
      )
      expect(found.sort()).toEqual(expected.sort())
    }),
  )
})
