/**
 * What a rule of the operator is: conditions, all of which must hold, and what then applies to the request. As checked by
 * `settings/operator-rules-setting.ts`; `find-rule.ts` reads them.
 */
import type { Task } from '../../../shared/tasks.ts'

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]

/** Of a list, any may hold. An absent condition holds. */
export type RuleConditions = {
  /** Names of tenants, `*` as wildcard. */
  readonly tenant?: readonly string[] | undefined
  /** Values of `metadata.user_id`, `*` as wildcard. */
  readonly user?: readonly string[] | undefined
  readonly systemContains?: readonly string[] | undefined
  readonly lastTurnContains?: readonly string[] | undefined
  /** Regular expressions that `compileLinearPattern` takes. */
  readonly systemMatches?: readonly string[] | undefined
  readonly lastTurnMatches?: readonly string[] | undefined
  /** Codes such as `en`, as the classifier names languages. */
  readonly language?: readonly string[] | undefined
  readonly task?: readonly Task[] | undefined
  /** Estimated tokens of the whole request, both bounds included. */
  readonly minInputTokens?: number | undefined
  readonly maxInputTokens?: number | undefined
  /** Times of day such as `22:00-06:00`; the first minute belongs to it, the last does not. */
  readonly between?: readonly string[] | undefined
  /** On which a time of day begins. */
  readonly days?: readonly Day[] | undefined
  /** An IANA name; UTC unless given. */
  readonly timezone?: string | undefined
  /** Values by the header's name in lower case, `*` as wildcard; every named header must match. */
  readonly header?: Readonly<Record<string, readonly string[]>> | undefined
}

export type RuleEffect = {
  readonly route?: 'local' | 'claude' | undefined
  /** Which of Claude's models a virtual name means. */
  readonly tier?: 'cheap' | 'strong' | undefined
  /** Stands in for `ROUTER_THRESHOLD`, 0 to 1. */
  readonly threshold?: number | undefined
}

export type OperatorRule = {
  /** Printable ASCII: it stands in headers and log lines. */
  readonly name?: string | undefined
  readonly when: RuleConditions
  readonly use: RuleEffect
}
