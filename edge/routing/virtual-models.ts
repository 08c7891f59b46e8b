/**
 * Model names as clients send them: which are virtual, which mean the local model.
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
