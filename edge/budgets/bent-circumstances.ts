/**
 * Under which circumstances a request is decided whose tenant has reached a hard limit. Changes what the decision starts
 * from and decides nothing: guards, the model's card and the verdict hold as ever. Pure.
 */
import type { Circumstances } from '../routing/circumstances.ts'
import { isVirtualModel, namesLocalModel } from '../routing/virtual-models.ts'

/**
 * Returns the circumstances.
 * @param to `cheaper`: simple requests to the local model, all others to the cheap Claude model, whatever model was named;
 *   `local`: only the local model answers
 */
export function bentCircumstances(to: 'cheaper' | 'local', asPlanned: Circumstances): Circumstances {
  const { strategy, requestedModel, local, claude } = asPlanned
  // The model that a session has warm may be the dear one.
  const bent = { ...asPlanned, session: undefined, routed: true }
  if (to === 'local') return { ...bent, strategy: 'local_only', force: undefined }
  const isOpen = isVirtualModel(requestedModel) || namesLocalModel(requestedModel, local?.model)
  return {
    ...bent,
    strategy: strategy === 'claude_only' ? 'hybrid' : strategy,
    requestedModel: isOpen ? requestedModel : 'auto',
    claude: { ...claude, model: claude.simpleModel },
  }
}
