/**
 * What each Claude model refuses with a 400, as one table by family and version. Says what a model can do; making a
 * request fit is `fit-request.ts`, choosing a model is the caller's.
 *
 * Source: Anthropic's model pages and migration guides of November 2026 (Opus 4.6 to 5.5, Sonnet 5 and 5.5, Haiku 5.5,
 * Fable 5 and 5.1). Assumed where they say nothing: a newer version than the table knows, or a name without a version,
 * refuses what the strictest of today's models refuses.
 */

export type ThinkingType = 'enabled' | 'disabled' | 'adaptive' | 'between_tools'

export type ModelCapabilities = {
  /** `temperature`, `top_p` and `top_k`: all, all but the first two in one request, or none. */
  readonly sampling: 'all' | 'temperature_or_top_p' | 'none'
  /** Values of `thinking.type`; `disabled` may depend on the effort. */
  readonly thinking: readonly ThinkingType[]
  /** `tool_choice` of type `any` or `tool`. */
  readonly forcedTools: boolean
  /** A last message of role `assistant`, which the model continues. */
  readonly prefill: boolean
  /** Highest `output_config.effort`, or undefined where the model has none. */
  readonly highestEffort: 'high' | 'max' | undefined
  /** Messages of role `system` between turns. */
  readonly systemTurns: boolean
  /** Tokens of one answer, thinking included. */
  readonly maxOutputTokens: number
}

/** A version as one comparable number: 4.6 is 406. */
type Version = number

const NEWEST_KNOWN: Version = 505

/** Returns what the model takes. */
export function capabilitiesOf(model: string): ModelCapabilities {
  const version = modelVersion(model) ?? Number.POSITIVE_INFINITY
  const is = (family: string) => model.includes(family)
  return {
    sampling: version >= 407 ? 'none' : version >= 401 ? 'temperature_or_top_p' : 'all',
    thinking: thinkingOf(version, is),
    forcedTools: takesForcedTools(version, is),
    prefill: version < 406,
    highestEffort: version >= 407 ? 'max' : version >= (is('opus') ? 405 : 406) ? 'high' : undefined,
    systemTurns: version >= 408 && !(is('sonnet') && version === 500),
    maxOutputTokens: maxOutputOf(version, is),
  }
}

/** Returns the most tokens that the model writes in one answer, thinking included. */
export function maxOutputTokens(model: string): number {
  return capabilitiesOf(model).maxOutputTokens
}

/** What a request demands that a model either does or refuses, with nothing of the same worth in its place. */
export type Demands = { readonly forcedTool: boolean; readonly prefill: boolean }

/** Returns the preferred model unless it refuses what is demanded and `other` does not. */
export function capableModel(demands: Demands, preferred: string, other: string): string {
  const can = (model: string) => {
    const { forcedTools, prefill } = capabilitiesOf(model)
    return (forcedTools || !demands.forcedTool) && (prefill || !demands.prefill)
  }
  return !can(preferred) && can(other) ? other : preferred
}

/**
 * Returns the version in a model's name, 4.6 as 406, or undefined where it names none. Reads `claude-opus-4-5-20251101`,
 * `claude-sonnet-4-20250514`, `claude-3-7-sonnet-latest` and the like.
 */
export function modelVersion(model: string): Version | undefined {
  const match = /claude-(?:[a-z]+-)?(\d)(?:[-.](\d))?(?![\d])/.exec(model)
  if (match === null) return undefined
  return Number(match[1]) * 100 + Number(match[2] ?? 0)
}

type FamilyTest = (family: string) => boolean

function thinkingOf(version: Version, is: FamilyTest): readonly ThinkingType[] {
  if (version < 307) return []
  if (version < 406) return ['enabled', 'disabled']
  if (version < 407) return ['enabled', 'disabled', 'adaptive']
  if (is('sonnet') && version === NEWEST_KNOWN) return ['adaptive', 'between_tools']
  if (is('haiku') && version === NEWEST_KNOWN) return ['adaptive', 'disabled']
  return version < 505 && !thinksAlways(is) ? ['adaptive', 'disabled'] : ['adaptive']
}

function thinksAlways(is: FamilyTest): boolean {
  return is('fable') || is('mythos')
}

function takesForcedTools(version: Version, is: FamilyTest): boolean {
  if (is('haiku') && version === NEWEST_KNOWN) return true
  return version < (thinksAlways(is) ? 501 : 505)
}

function maxOutputOf(version: Version, is: FamilyTest): number {
  if (version >= 406) return 128_000
  if (version >= 400) return is('opus') && version < 405 ? 32_000 : 64_000
  if (version === 307) return 64_000
  return version === 305 ? 8_192 : 4_096
}
