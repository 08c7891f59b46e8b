/**
 * What the key of a tenant may ask for: strategy, models, controls. The same members in `ROUTER_KEYS` and at runtime.
 * Knows no key and keeps none.
 */
import * as z from 'zod/mini'
import { RouterError } from '../shared/errors.ts'
import { PROMPT_CACHE_MODES, type PromptCacheMode } from './prompt-cache/mode.ts'
import { createWildcardMatcher } from './routing/wildcard-matcher.ts'
import { STRATEGIES, type Strategy } from './strategy.ts'

/** Request controls that an operator can forbid a tenant. */
export const CONTROLS = ['force', 'strategy', 'cache', 'privacy', 'explain'] as const
export type ControlName = (typeof CONTROLS)[number]

export type TenantPolicy = {
  /** In the place of the strategy in force, unless a request names another. */
  readonly strategy?: Strategy | undefined
  /** The models that may be asked for, `*` as wildcard; undefined: every one. */
  readonly models?: readonly string[] | undefined
  /** Controls whose headers answer 403 for this tenant. */
  readonly forbid: readonly ControlName[]
  /** In the place of `PROMPT_CACHE`. */
  readonly promptCache?: PromptCacheMode | undefined
}

const MOST_MODELS = 50
const modelsError = `must be a list of 1 to ${MOST_MODELS} names of models, * as wildcard`
const modelError = 'must be the name of a model, * as wildcard: 1 to 100 printable ASCII characters'
const forbidError = `must be a list of ${CONTROLS.join(', ')}`

/** Members of a schema. */
export const POLICY_MEMBERS = {
  strategy: z.enum(STRATEGIES, { error: `must be one of ${STRATEGIES.join(', ')}` }),
  models: z
    .array(z.string({ error: modelError }).check(z.regex(/^[\x21-\x7e]{1,100}$/, { error: modelError })), {
      error: modelsError,
    })
    .check(z.minLength(1, { error: modelsError }), z.maxLength(MOST_MODELS, { error: modelsError })),
  forbid: z
    .array(z.enum(CONTROLS, { error: `must be one of ${CONTROLS.join(', ')}` }), { error: forbidError })
    .check(z.maxLength(CONTROLS.length, { error: forbidError })),
  promptCache: z.enum(PROMPT_CACHE_MODES, { error: `must be one of ${PROMPT_CACHE_MODES.join(', ')}` }),
} as const

/** Says whether a key of this policy may ask for the model. */
export function mayAskFor({ models }: TenantPolicy, model: string): boolean {
  return models === undefined || createWildcardMatcher(models)(model)
}

/** @throws {RouterError} `forbidden` that names the models which are allowed */
export function requireAllowedModel(policy: TenantPolicy, model: string): void {
  if (mayAskFor(policy, model)) return
  throw new RouterError(
    'forbidden',
    `The model ${JSON.stringify(model.slice(0, 100))} is not allowed for this key. Allowed are: ${policy.models?.join(', ')}.`,
  )
}
