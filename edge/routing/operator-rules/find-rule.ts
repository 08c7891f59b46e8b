/**
 * Finds the rule of the operator that applies to a request: the first all of whose conditions hold. Case counts in none
 * of them. Pure; reads bounded texts only, and only what some rule asks for. Says what applies; `decide` does it.
 */
import type { Task } from '../../../shared/tasks.ts'
import type { Features } from '../features.ts'
import { plain } from '../plain-text.ts'
import { createWildcardMatcher } from '../wildcard-matcher.ts'
import { compileLinearPattern } from './linear-pattern.ts'
import type { OperatorRule, RuleConditions, RuleEffect } from './operator-rule.ts'
import { createTimeCondition } from './time-of-day.ts'

/** What conditions look at. */
export type RuleSubject = {
  readonly tenantId: string
  /** `metadata.user_id`. */
  readonly user: string | undefined
  readonly features: Features
  /** As it is named without any rule. */
  readonly task: Task
  /** As the classifier names it, a code such as `en`. */
  readonly language: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** A header by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

export type AppliedRule = RuleEffect & {
  /** `rule: ` and its name, or its number: the reason in headers and log lines. */
  readonly reason: string
}

export type FindRule = (subject: RuleSubject) => AppliedRule | undefined

type Condition = (subject: RuleSubject) => boolean

/** Longer ids and header values are no names that an operator would have written down. */
const LONGEST_VALUE = 1_024

/** Returns the search over rules that have been checked. */
export function createFindRule(rules: readonly OperatorRule[]): FindRule {
  const compiled = rules.map(({ name, when, use }, index) => ({
    conditions: [...conditionsOf(when)],
    applied: { ...use, reason: `rule: ${name ?? index + 1}` },
  }))
  return (subject) => compiled.find(({ conditions }) => conditions.every((holds) => holds(subject)))?.applied
}

/** Yields the conditions, those that cost least first. */
function* conditionsOf(when: RuleConditions): Generator<Condition> {
  const { tenant, user, header = {}, language, task, minInputTokens = 0, maxInputTokens, ...rest } = when
  if (minInputTokens > 0) yield ({ features }) => features.estimatedInputTokens >= minInputTokens
  if (maxInputTokens !== undefined) yield ({ features }) => features.estimatedInputTokens <= maxInputTokens
  if (task !== undefined) yield (subject) => task.includes(subject.task)
  if (tenant !== undefined) yield named(tenant, ({ tenantId }) => tenantId)
  if (user !== undefined) yield named(user, (subject) => subject.user)
  for (const [name, values] of Object.entries(header)) yield named(values, (subject) => subject.header(name))
  if (rest.between !== undefined || rest.days !== undefined) {
    const isThen = createTimeCondition(rest)
    yield ({ startedAt }) => isThen(startedAt)
  }
  yield* textConditions(({ features }) => features.lastUserText, rest.lastTurnContains, rest.lastTurnMatches)
  yield* textConditions(({ features }) => features.systemText, rest.systemContains, rest.systemMatches)
  // Reads the text by a table of its own.
  if (language !== undefined) yield (subject) => language.includes(subject.language)
}

function named(names: readonly string[], read: (subject: RuleSubject) => string | undefined): Condition {
  const matches = createWildcardMatcher(names)
  return (subject) => {
    const value = read(subject)
    return value !== undefined && value.length <= LONGEST_VALUE && matches(value)
  }
}

function* textConditions(
  textOf: (subject: RuleSubject) => string,
  contains: readonly string[] | undefined,
  matches: readonly string[] | undefined,
): Generator<Condition> {
  if (contains !== undefined) {
    const phrases = contains.map(plain)
    yield (subject) => {
      const text = plain(textOf(subject))
      return phrases.some((phrase) => text.includes(phrase))
    }
  }
  if (matches !== undefined) {
    const patterns = matches.map(compileLinearPattern)
    yield (subject) => patterns.some((pattern) => pattern(textOf(subject)))
  }
}
