/**
 * What the router must know of a batch before it goes to Claude: which models it asks for, which end users it is of, and
 * the most that it can take. Its bytes stay as they came; what Claude checks is left to Claude.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { arrayElements, topLevelMembers } from '../../shared/json.ts'
import { describeIssue, parseMessagesRequest } from '../../shared/messages.ts'
import type { Amount } from '../budgets/accounts.ts'
import { type UpperBound, upperBound } from '../budgets/upper-bound.ts'
import { namedUser } from '../ledger/end-user.ts'
import type { PriceList } from '../ledger/prices.ts'
import { isVirtualModel, namesLocalModel } from '../routing/virtual-models.ts'
import { requireAllowedModel, type TenantPolicy } from '../tenant-policy.ts'

const LIST = 'must be an array of requests, each with "custom_id" and "params"'
const PARAMS = 'must be a Messages request, an object with "model"'
const MODEL = 'must be the name of a model of Claude'

const paramsSchema = z.looseObject({ model: z.string({ error: MODEL }) }, { error: PARAMS })
const entrySchema = z.looseObject(
  { params: paramsSchema },
  { error: 'must be an object with "custom_id" and "params"' },
)
const bodySchema = z.looseObject(
  { requests: z.array(z.unknown(), { error: LIST }) },
  { error: 'The request body must be a JSON object.' },
)

export type BatchRequest = {
  /** How many requests it holds. */
  readonly count: number
  /** The end users that its requests name, each once. */
  readonly users: readonly string[]
  /** Returns the most that the batch can take. @throws {RouterError} `invalid_request` that names the request */
  readonly upperBound: (prices: PriceList) => BatchBound
}

/** Of all requests together, and the most that one of them can take. */
export type BatchBound = UpperBound & { readonly largest: Amount }

/** The local model's own name, as far as it is known: a server that is starting has not said it yet. */
export type LocalName = { readonly name: string | undefined }

/**
 * Reads a batch.
 * @param text the body
 * @param value the same, parsed
 * @param local undefined where the local model is switched off
 * @throws {RouterError} `invalid_request` that names what is wrong; `forbidden` for a model that the tenant may not ask for
 */
export function readBatchRequest(
  text: string,
  value: unknown,
  policy: TenantPolicy,
  local: LocalName | undefined,
): BatchRequest {
  const { requests } = check(bodySchema, value, [])
  const users = new Set<string>()
  const entries = requests.map((request, at) => {
    const path = ['requests', at] as const
    const { params } = check(entrySchema, request, path)
    const { model } = params
    requireClaudeModel(model, local, [...path, 'params', 'model'])
    requireAllowedModel(policy, model)
    const user = namedUser(params)
    if (user !== undefined) users.add(user)
    return params
  })
  // Where several parsers might pick different members, what is allowed and counted must be what is answered.
  if (policy.models !== undefined) for (const _ of requestTexts(text));
  return {
    count: entries.length,
    users: [...users],
    upperBound: (prices) => boundOf(entries, text, prices),
  }
}

/** What is meant for the local model must not get to Claude, in no moment: not while nobody can say how it is called either. */
function requireClaudeModel(model: string, local: LocalName | undefined, path: readonly PropertyKey[]): void {
  const quoted = JSON.stringify(model.slice(0, 100))
  if (isVirtualModel(model) || namesLocalModel(model, local?.name))
    throw wrong(
      path,
      `${quoted} is no model of Claude's, and the router changes nothing in a batch: name one`,
    )
  if (local !== undefined && local.name === undefined && !/claude/i.test(model))
    throw wrong(
      path,
      `${quoted} may be the local model, which has not said its name yet and answers no batch. Name a model of Claude's, or try again when the local model is ready`,
    )
}

function boundOf(
  entries: readonly z.infer<typeof paramsSchema>[],
  text: string,
  prices: PriceList,
): BatchBound {
  const inBatch: PriceList = (model, usage) => prices(model, { ...usage, service_tier: 'batch' })
  const unpriced = new Set<string>()
  let tokens = 0
  let nanoUsd = 0
  let largest: Amount = { tokens: 0, nanoUsd: 0 }
  let at = 0
  for (const params of requestTexts(text)) {
    const entry = entries[at]
    if (entry === undefined) break
    const view = readParams(entry, at)
    const bound = upperBound(
      { view, text: params, unlimited: false },
      [{ provider: 'claude', model: view.model }],
      inBatch,
    )
    tokens += bound.tokens
    nanoUsd += bound.nanoUsd
    largest = {
      tokens: Math.max(largest.tokens, bound.tokens),
      nanoUsd: Math.max(largest.nanoUsd, bound.nanoUsd),
    }
    for (const model of bound.unpriced) unpriced.add(model)
    at += 1
  }
  return { tokens, nanoUsd, largest, unpriced: [...unpriced] }
}

function readParams(params: unknown, at: number) {
  try {
    return parseMessagesRequest(params)
  } catch (error) {
    const { code, message } = RouterError.from(error)
    throw code === 'invalid_request' ? wrong(['requests', at, 'params'], message) : error
  }
}

/** Yields the texts of `params`, in order. @throws {RouterError} `invalid_request` where a member appears twice */
function* requestTexts(text: string): Generator<string> {
  const list = memberOf(text, 'requests', [])
  for (const [at, entry] of arrayElements(list).entries()) {
    const params = memberOf(entry, 'params', ['requests', at])
    memberOf(params, 'model', ['requests', at, 'params'])
    yield params
  }
}

function memberOf(text: string, key: string, path: readonly PropertyKey[]): string {
  const seen = new Set<string>()
  let found = ''
  for (const member of topLevelMembers(text)) {
    if (seen.has(member.key)) throw wrong([...path, member.key.slice(0, 60)], 'appears twice. Send it once.')
    seen.add(member.key)
    if (member.key === key) found = text.slice(member.start, member.end)
  }
  return found
}

function check<T extends z.ZodMiniType>(schema: T, value: unknown, path: readonly PropertyKey[]): z.infer<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new RouterError(
    'invalid_request',
    describeIssue(issue && { path: [...path, ...issue.path], message: issue.message }),
  )
}

function wrong(path: readonly PropertyKey[], message: string): RouterError {
  return new RouterError('invalid_request', describeIssue({ path: [...path], message }))
}
