/**
 * All that a decision depends on beside the request itself: settings, wishes of the caller, what is known of the local model
 * and of the conversation. Decides nothing.
 */
import type { ModelCard } from '../../shared/model-card.ts'
import type { Strategy } from '../strategy.ts'
import type { ProviderName } from '../target.ts'
import type { AppliedRule } from './operator-rules/find-rule.ts'
import type { Session } from './sessions/session.ts'
import type { Thresholds } from './thresholds.ts'

export type Circumstances = {
  readonly strategy: Strategy
  readonly requestedModel: string
  /** Whether the strategy applies to the requested model name. */
  readonly routed: boolean
  readonly force: ProviderName | undefined
  /** Whether naming the local model, which forces it, is allowed. */
  readonly mayForce: boolean
  /** The request must never leave for Claude. */
  readonly privacyLocal: boolean
  /** Whether side requests of clients may leave Claude where the model's card allows it. */
  readonly sideRequestsLocal: boolean
  /** The request belongs to an agent's session, whose side requests (a title, a topic) must follow it to Claude. */
  readonly staysWithSession: boolean
  /** Only the local model can give what the request wants, so no other may answer in its place. */
  readonly localOnlyFeature: string | undefined
  /** Undefined where the local model is switched off. */
  readonly local:
    | {
        readonly model: string
        readonly card: ModelCard
        readonly maxInputTokens: number
        readonly structuredOutputs?: boolean
        /** Whether its server judges requests before it answers them; absent: it does not. */
        readonly judges?: boolean
      }
    | undefined
  readonly claude: { readonly configured: boolean; readonly model: string; readonly simpleModel: string }
  readonly thresholds: Thresholds
  /** The operator's own rule for this request; its threshold is already among `thresholds`. */
  readonly rule: AppliedRule | undefined
  /** The score of edge and judge together from which on a request counts as complex; undefined where no judge is asked. */
  readonly judgedFrom?: number | undefined
  /** Whether a second look is part of the verdict, or was asked and said nothing; undefined where none was asked. */
  readonly secondLook?: 'answered' | 'missing' | undefined
  /** Which of Claude's models answers turns with tools that ask for nothing hard. */
  readonly simpleToolTurns: 'strong' | 'cheap'
  /** What a Claude model holds of this conversation in its prompt cache; undefined where nothing is known to be warm. */
  readonly session?: Session | undefined
}
