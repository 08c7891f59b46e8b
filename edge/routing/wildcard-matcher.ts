/**
 * Names with wildcards as operators write them: of models, tenants, users, values of headers. Knows none of these.
 */

/**
 * Returns a predicate over names.
 * @param patterns names with `*` as wildcard; matched as a whole, case ignored
 */
export function createWildcardMatcher(patterns: readonly string[]): (name: string) => boolean {
  const lowered = patterns.map((pattern) => pattern.toLowerCase().split('*'))
  return (name) => lowered.some((pieces) => matchesPieces(name.toLowerCase(), pieces))
}

/** Wildcard matching without regular expressions: linear, whatever the operator's pattern and the client's name. */
function matchesPieces(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? ''
  if (pieces.length === 1) return name === first
  const last = pieces.at(-1) ?? ''
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false
  let from = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, from)
    if (found === -1) return false
    from = found + piece.length
  }
  return from <= name.length - last.length
}
