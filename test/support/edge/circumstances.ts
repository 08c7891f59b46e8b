/** The circumstances under which tests of the pure decision start, each changing what it is about. */

import type { Circumstances } from '../../../edge/routing/circumstances.ts'
import type { Verdict } from '../../../edge/routing/classifier/classifier.ts'
import { type ModelCard, type TaskTrust, uniformTrust } from '../../../shared/model-card.ts'

export const SIMPLE_VERDICT: Verdict = {
  simpleTask: 'simple_chat',
  complexTask: 'code_generation',
  score: 0.05,
  sensitive: false,
  language: 'en',
}
export const COMPLEX_VERDICT: Verdict = { ...SIMPLE_VERDICT, score: 0.9 }

/** `auto` under hybrid, a local model that is trusted with everything, Claude is there. */
export const USUAL: Circumstances = {
  strategy: 'hybrid',
  requestedModel: 'auto',
  routed: true,
  force: undefined,
  mayForce: true,
  privacyLocal: false,
  sideRequestsLocal: false,
  staysWithSession: false,
  localOnlyFeature: undefined,
  local: {
    model: 'tiny-model',
    card: { trust: uniformTrust('full'), languages: null, maxTemperature: null, exam: null },
    maxInputTokens: 1_000,
  },
  claude: { configured: true, model: 'strong', simpleModel: 'cheap' },
  thresholds: { complex: 0.2, strong: 0.5, unsure: { from: 0.02, to: 0.8 } },
  rule: undefined,
  simpleToolTurns: 'strong',
}

/** Returns the card of a model that is trusted with these tasks and no others. */
export function cardOf(trust: Partial<TaskTrust>): ModelCard {
  return { trust: { ...uniformTrust('none'), ...trust }, languages: null, maxTemperature: null, exam: null }
}
