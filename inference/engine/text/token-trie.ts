/**
 * The tokens of a vocabulary by their bytes, as a prefix tree: what of them fits a text is found without looking at the
 * rest. The tree lies in preorder, each node knowing where its subtree ends, so that a walk is one pass over an array
 * (after llguidance's toktrie). Does not know what may be written.
 */

/** A state of what is being written: the states that bytes lead to. */
export type ByteState<S> = { readonly next: ReadonlyMap<number, S> }

export type TokenBytes = {
  readonly id: number
  /** A character for each byte, at least one. */
  readonly bytes: string
}

export type TokenTrie = {
  /** Of each first byte: its node, or −1. */
  readonly roots: Int32Array
  /** Of each node: its byte, its depth (1 for a first byte), the node after its subtree. */
  readonly bytes: Uint8Array
  readonly depths: Uint16Array
  readonly ends: Int32Array
  /** The tokens in the order of their bytes: at a node end those from `firstTokens[node]` up to `firstTokens[node + 1]`. */
  readonly tokens: Int32Array
  readonly firstTokens: Int32Array
}

/** Returns the tree. */
export function createTokenTrie(tokens: readonly TokenBytes[]): TokenTrie {
  const sorted = tokens.toSorted((a, b) => (a.bytes < b.bytes ? -1 : 1))
  const shared = sorted.map(({ bytes }, at) => sharedLength(sorted[at - 1]?.bytes ?? '', bytes))
  const count = sorted.reduce((sum, { bytes }, at) => sum + bytes.length - (shared[at] ?? 0), 0)
  const trie = {
    roots: new Int32Array(256).fill(-1),
    bytes: new Uint8Array(count),
    depths: new Uint16Array(count),
    ends: new Int32Array(count),
    tokens: Int32Array.from(sorted, ({ id }) => id),
    firstTokens: new Int32Array(count + 1).fill(sorted.length),
  }
  /** The nodes on the way to the newest one. */
  const path: number[] = []
  let node = 0
  const leaveTo = (depth: number) => {
    while (path.length > depth) trie.ends[path.pop() ?? 0] = node
  }
  for (const [at, { bytes }] of sorted.entries()) {
    leaveTo(shared[at] ?? 0)
    while (path.length < bytes.length) {
      const byte = bytes.charCodeAt(path.length)
      if (path.length === 0) trie.roots[byte] = node
      path.push(node)
      trie.bytes[node] = byte
      trie.depths[node] = path.length
      trie.firstTokens[node] = at
      node++
    }
  }
  leaveTo(0)
  return trie
}

/**
 * Tells of each token all of whose bytes lead from `state` to another one.
 * @param visit gets the token, the state after it, and its length in bytes
 */
export function walkTrie<S extends ByteState<S>>(
  { roots, bytes, depths, ends, tokens, firstTokens }: TokenTrie,
  state: S,
  visit: (token: number, end: S, length: number) => void,
): void {
  const states: S[] = [state]
  for (const byte of state.next.keys()) {
    let node = roots[byte] ?? -1
    const last = ends[node] ?? node
    while (node < last) {
      const depth = depths[node] ?? 0
      const next = states[depth - 1]?.next.get(bytes[node] ?? 0)
      if (next === undefined) {
        node = ends[node] ?? last
        continue
      }
      states[depth] = next
      const until = firstTokens[node + 1] ?? 0
      for (let at = firstTokens[node] ?? 0; at < until; at++) visit(tokens[at] ?? 0, next, depth)
      node++
    }
  }
}

function sharedLength(left: string, right: string): number {
  let length = 0
  while (
    length < left.length &&
    length < right.length &&
    left.charCodeAt(length) === right.charCodeAt(length)
  )
    length++
  return length
}
