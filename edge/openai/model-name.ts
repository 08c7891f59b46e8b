/**
 * Model names as OpenAI's clients send them: Claude's in the spelling of other hosts, other vendors' names, the local
 * model's. Does not choose a model: routing does.
 */
import { isVirtualModel, LOCAL_MODEL } from '../routing/virtual-models.ts'

/** `anthropic/claude-sonnet-4.5`, `us.anthropic.claude-opus-4-1-20250805-v1:0`, `claude-haiku-4-5@20251001`. */
const CLAUDE_NAME = /(?:^|[/.:])(claude-[a-z0-9.@-]*[a-z0-9])(?::[a-z0-9]+)?$/i

/**
 * Returns the name for routing: Claude's names as its own API spells them, and `auto` for another vendor's. A client
 * that changed only its base URL still names a model that neither side has; the answer's `model` says which it was.
 * @param localModel the local model's own name, as far as it is known
 */
export function routableModel(name: string, localModel: string | undefined): string {
  if (isVirtualModel(name) || name === LOCAL_MODEL || name === localModel) return name
  const claude = CLAUDE_NAME.exec(name)?.[1]
  if (claude === undefined) return /claude|anthropic/i.test(name) ? name : 'auto'
  return claude
    .toLowerCase()
    .replaceAll(/[.@]/g, '-')
    .replace(/-v\d+$/, '')
}
