/**
 * Reads `ROUTER_RULES`: a JSON list of rules, each checked by itself, so that every message names rule and field and
 * says what is allowed. Which rule applies to a request is found in `routing/operator-rules`.
 */
import * as z from 'zod/mini'
import { lazily } from '../../shared/lazily.ts'
import { TASKS } from '../../shared/tasks.ts'
import { compileLinearPattern } from '../routing/operator-rules/linear-pattern.ts'
import { DAYS, type OperatorRule } from '../routing/operator-rules/operator-rule.ts'
import { parseTimeWindow } from '../routing/operator-rules/time-of-day.ts'
import { isTimeZone } from '../time-zone.ts'
import { CREDENTIAL_HEADER, HEADER_NAME } from './header-name.ts'
import { text } from './setting-schemas.ts'

const MOST_RULES = 100
const LONGEST_TEXT = 500
const RULE_NAME = /^[\x20-\x7e]{1,60}$/

/** Made where there are rules: most deployments have none. */
const schemas = lazily(() => {
  const textError = `must be a text of 1 to ${LONGEST_TEXT} characters, or a list of them`
  const ruleText = z
    .string({ error: textError })
    .check(z.minLength(1, { error: textError }), z.maxLength(LONGEST_TEXT, { error: textError }))
  const texts = oneOrMore(ruleText, textError)
  const patternError = 'must be a regular expression, or a list of them'
  const patterns = oneOrMore(
    z.string({ error: patternError }).check(
      z.superRefine((source, context) => {
        const problem = patternProblem(source)
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, input: source })
      }),
    ),
    patternError,
  )
  const windowError = 'must be a time of day such as "22:00-06:00", or a list of them'
  const windows = oneOrMore(
    z
      .string({ error: windowError })
      .check(z.refine((value) => parseTimeWindow(value) !== undefined, { error: windowError })),
    windowError,
  )
  const zoneError = 'must be a time zone such as "Europe/Berlin"'
  const headerError = 'must be an object of header names and values, * as wildcard'
  const headers = z.optional(
    z.pipe(
      z.pipe(
        z.record(z.string(), z.unknown(), { error: headerError }),
        z.transform((named: Record<string, unknown>) =>
          Object.fromEntries(
            Object.entries(named).map(([name, value]) => [name.toLowerCase(), asList(value)]),
          ),
        ),
      ),
      z
        .record(
          z.string().check(
            z.refine((name) => HEADER_NAME.test(name), { error: 'is no name of a header' }),
            z.refine((name) => !CREDENTIAL_HEADER.test(name), {
              error: 'may be a credential, which no rule can read. Use tenant for who is asking',
            }),
          ),
          z.array(ruleText).check(z.minLength(1, { error: textError })),
        )
        .check(z.refine((named) => Object.keys(named).length > 0, { error: headerError })),
    ),
  )
  const languageError = 'must be the code of a language such as "en", in small letters, or a list of them'
  const languages = oneOrMore(
    z.string({ error: languageError }).check(z.regex(/^[a-z]{2,3}$/, { error: languageError })),
    languageError,
  )
  const tokensError = 'must be a whole number of tokens, 0 or more'
  const tokens = z.optional(z.int({ error: tokensError }).check(z.minimum(0, { error: tokensError })))

  const conditionsSchema = z
    .strictObject(
      {
        tenant: texts,
        user: texts,
        systemContains: texts,
        lastTurnContains: texts,
        systemMatches: patterns,
        lastTurnMatches: patterns,
        language: languages,
        task: namesOf(TASKS),
        minInputTokens: tokens,
        maxInputTokens: tokens,
        between: windows,
        days: namesOf(DAYS),
        timezone: z.optional(
          z.string({ error: zoneError }).check(z.refine(isTimeZone, { error: zoneError })),
        ),
        header: headers,
      },
      { error: 'must be an object of conditions; {} holds for every request' },
    )
    .check(
      z.refine(
        ({ minInputTokens = 0, maxInputTokens = Number.POSITIVE_INFINITY }) =>
          minInputTokens <= maxInputTokens,
        { error: 'must not be more than maxInputTokens', path: ['minInputTokens'] },
      ),
      z.refine(
        ({ timezone, between, days }) =>
          timezone === undefined || between !== undefined || days !== undefined,
        { error: 'says nothing without between or days', path: ['timezone'] },
      ),
    )

  const thresholdError = 'must be a number from 0 to 1'
  const effectSchema = z
    .strictObject(
      {
        route: z.optional(z.enum(['local', 'claude'], { error: 'must be local or claude' })),
        tier: z.optional(z.enum(['cheap', 'strong'], { error: 'must be cheap or strong' })),
        threshold: z.optional(
          z
            .number({ error: thresholdError })
            .check(z.minimum(0, { error: thresholdError }), z.maximum(1, { error: thresholdError })),
        ),
      },
      { error: 'must be an object with route, tier or threshold' },
    )
    .check(
      z.refine((effect) => Object.keys(effect).length > 0, {
        error: 'must name at least one of route, tier, threshold',
      }),
      z.refine(({ route, threshold }) => route === undefined || threshold === undefined, {
        error: 'decides nothing where route is given. Remove one of them',
        path: ['threshold'],
      }),
    )

  const ruleSchema = z.strictObject(
    {
      name: z.optional(
        z
          .string({ error: 'must be a text' })
          .check(z.regex(RULE_NAME, { error: 'must be 1 to 60 printable ASCII characters' })),
      ),
      when: conditionsSchema,
      use: effectSchema,
    },
    { error: 'must be an object with when and use' },
  )
  return { ruleSchema, conditionsSchema, effectSchema }
})

/** Rules as JSON, or none. */
export const operatorRules = z.pipe(
  text,
  z.transform((value, context): readonly OperatorRule[] => {
    const { rules, problems } = readRules(value ?? '[]')
    for (const message of problems) context.issues.push({ code: 'custom', message, input: value })
    return problems.length > 0 ? z.NEVER : rules
  }),
)

type ReadRules = { readonly rules: readonly OperatorRule[]; readonly problems: readonly string[] }

function readRules(source: string): ReadRules {
  const shape =
    'must be a JSON list of rules, such as [{"when": {"tenant": "batch"}, "use": {"tier": "cheap"}}]'
  let list: unknown
  try {
    list = JSON.parse(source)
  } catch (error) {
    // The platform's message quotes the text, and problems are shown to everybody.
    const place = /\(?(?:line \d+ column \d+|position \d+)/.exec(
      error instanceof Error ? error.message : '',
    )?.[0]
    return {
      rules: [],
      problems: [place === undefined ? shape : `${shape}; it is no JSON at ${place.replace('(', '')}`],
    }
  }
  if (!Array.isArray(list)) return { rules: [], problems: [shape] }
  if (list.length > MOST_RULES) return { rules: [], problems: [`holds more than ${MOST_RULES} rules`] }
  const checked = list.map((rule) => schemas().ruleSchema.safeParse(rule))
  const problems = checked.flatMap(({ error }, index) =>
    firstOfEachPath(error?.issues ?? []).map(
      (issue) => `${titleOf(list[index], index)}: ${describeIssue(issue)}`,
    ),
  )
  const rules = checked.flatMap(({ data }) => (data === undefined ? [] : [data]))
  if (problems.length > 0) return { rules: [], problems }
  const always = rules.findIndex(({ when }) => Object.keys(when).length === 0)
  const unreachable = always === -1 ? undefined : rules[always + 1]
  if (unreachable === undefined) return { rules, problems }
  const reason = `can never apply: rule ${always + 1} before it holds for every request`
  return { rules: [], problems: [`${titleOf(unreachable, always + 1)}: ${reason}`] }
}

/** Whatever else is wrong with the same member follows from the first. */
function firstOfEachPath(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const byPath = new Map(issues.toReversed().map((issue) => [issue.path.join('.'), issue]))
  return issues.filter((issue) => byPath.get(issue.path.join('.')) === issue)
}

function titleOf(rule: unknown, index: number): string {
  const name = typeof rule === 'object' && rule !== null && 'name' in rule ? rule.name : undefined
  const quoted = typeof name === 'string' && RULE_NAME.test(name) ? ` (${name})` : ''
  return `rule ${index + 1}${quoted}`
}

/** The members that stand at a path of a rule. */
function membersAt(path: string): readonly string[] | undefined {
  const { ruleSchema, conditionsSchema, effectSchema } = schemas()
  const schema = { '': ruleSchema, when: conditionsSchema, use: effectSchema }[path]
  return schema && Object.keys(schema.shape)
}

/** A single value is read as a list of one, so that the first place of a list goes without saying. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.filter((step) => step !== 0).join('.')
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ')
    return `${path === '' ? 'it' : path} has no ${unknown}; possible are ${membersAt(path)?.join(', ')}`
  }
  const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message
  return path === '' ? `it ${message}` : `${path} ${message}`
}

function namesOf<const T extends readonly string[]>(names: T) {
  const error = `must be one of ${names.join(', ')}, or a list of them`
  return oneOrMore(z.enum(names, { error }), error)
}

/** A value or a list of values; a list in any case once it is read. */
function oneOrMore<T extends z.ZodMiniType>(schema: T, error: string) {
  return z.optional(z.pipe(z.transform(asList), z.array(schema, { error }).check(z.minLength(1, { error }))))
}

function asList(value: unknown): unknown {
  return Array.isArray(value) ? value : [value]
}

function patternProblem(source: string): string | undefined {
  try {
    compileLinearPattern(source)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'is not valid'
  }
}
