/**
 * Model names as clients send them: which are virtual, which mean the local model, which the strategy applies to.
 */

/** Names that stand for "the router picks". `claude-auto` is for clients that list only names with "claude". */
export const VIRTUAL_MODELS = ['auto', 'claude-auto'] as const
/** The name that asks for the local model, whatever it is. */
export const LOCAL_MODEL = 'local'

/** Says whether the router picks the model behind this name. */
export function isVirtualModel(name: string): boolean {
  return VIRTUAL_MODELS.some((virtual) => virtual === name)
}

/**
 * Says whether the name asks for the local model.
 * @param localModel its own name; undefined where it is switched off
 */
export function namesLocalModel(name: string, localModel: string | undefined): boolean {
  return name === LOCAL_MODEL || name === localModel
}

/**
 * Returns a predicate over requested model names.
 * @param patterns names with `*` as wildcard; matched as a whole, case ignored
 */
export function createModelMatcher(patterns: readonly string[]): (name: string) => boolean {
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
