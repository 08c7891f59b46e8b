/**
 * The tokens that go on with the text of a JSON string without closing it: nearly the whole vocabulary, the same for every
 * string of every answer, and so found out once.
 */
import { anyString, createState, MISSING_BYTES } from './answer-automaton.ts'
import { type TokenTrie, walkTrie } from './token-trie.ts'

export type StringTokens = {
  /** Of each state of a string, by its index: the fewest tokens to the end of the character or escape it is in. */
  readonly toText: readonly number[]
  /** Of each state: the tokens after which `n` more are needed to the end of a character, by `n`. */
  readonly staying: readonly (readonly Int32Array[])[]
}

/** Returns what `trie` has for strings. */
export function findStringTokens(trie: TokenTrie): StringTokens {
  const { inString } = anyString(createState(false))
  const states = inString?.states ?? []
  const found = states.map((state) => {
    const ends: { readonly token: number; readonly index: number }[] = []
    walkTrie(trie, state, (token, { inString: place }) => {
      if (place) ends.push({ token, index: place.index })
    })
    return ends
  })
  const toText: number[] = []
  for (const [at, missing] of MISSING_BYTES.entries()) {
    // Only tokens that bring the end nearer count, so that each number rests on earlier ones.
    const nearer = (found[at] ?? []).filter(({ index }) => (MISSING_BYTES[index] ?? 0) < missing)
    const least = nearer.reduce((min, { index }) => Math.min(min, toText[index] ?? 0), Infinity)
    toText.push(missing === 0 ? 0 : 1 + least)
  }
  const staying = found.map((ends) => {
    const lists: number[][] = []
    for (const { token, index } of ends) {
      const needed = toText[index] ?? Infinity
      if (needed === Infinity) continue
      while (lists.length <= needed) lists.push([])
      lists[needed]?.push(token)
    }
    return lists.map((tokens) => Int32Array.from(tokens))
  })
  return { toText, staying }
}
