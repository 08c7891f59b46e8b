/**
 * `GET /v1/models` and `GET /v1/models/:id`: the router's own names, the local model, and Claude's list where a key
 * is set. Each item carries both vendors' fields, so that either's clients can read it.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { claudeRequestHeaders, isClaudeConfigured } from '../providers/claude/headers.ts'
import { LOCAL_MODEL, VIRTUAL_MODELS } from '../routing/virtual-models.ts'
import { type AppContext, type AppDependencies, waitUntilOf } from './context.ts'
import { passedHeaders } from './read-request.ts'

type ModelItem = Record<string, unknown> & { readonly id: string }
export type ModelList = (context: AppContext) => Promise<readonly ModelItem[]>

/** Clients that discover models wait for three seconds; Claude's list must not use all of them up. */
const CLAUDE_LIST_TIMEOUT_MS = 2_000
const CLAUDE_LIST_FRESH_MS = 300_000
const DEFAULT_LIMIT = 1_000
/** The router's own names have no birthday; a fixed one keeps the list stable. */
const CREATED_AT = '2026-11-01T00:00:00Z'

const listSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) })

/** Returns the handler of the list, with `limit`, `after_id` and `before_id`. */
export function createModelsHandler(list: ModelList): (context: AppContext) => Promise<Response> {
  return async (context) => {
    const all = await list(context)
    const page = paginate(all, new URL(context.req.url).searchParams)
    return context.json({
      object: 'list',
      data: page.items,
      has_more: page.hasMore,
      first_id: page.items[0]?.id ?? null,
      last_id: page.items.at(-1)?.id ?? null,
    })
  }
}

/** Returns the handler of one model. */
export function createModelHandler(list: ModelList): (context: AppContext) => Promise<Response> {
  return async (context) => {
    const id = context.req.param('id')
    const item = (await list(context)).find((model) => model.id === id)
    if (item === undefined)
      throw new RouterError('not_found', 'There is no such model. GET /v1/models lists them.')
    return context.json(item)
  }
}

/** Returns the whole list, for the handlers to share: what Claude said is remembered in it. */
export function createModelList(dependencies: AppDependencies): ModelList {
  const { config, local, now } = dependencies
  let remembered: { items: ModelItem[]; at: number } | undefined
  /** Claude's models as far as they can be had. */
  const claudeModels = async (context: AppContext): Promise<readonly ModelItem[]> => {
    if (!isClaudeConfigured(config.claude)) return []
    // Where clients bring their own keys, each may see its own list and nobody else's.
    if (config.claude.keySource === 'client') return (await fetchClaudeModels(dependencies, context)) ?? []
    if (remembered === undefined || now() - remembered.at > CLAUDE_LIST_FRESH_MS) {
      const items = await fetchClaudeModels(dependencies, context)
      if (items !== undefined) remembered = { items, at: now() }
    }
    return remembered?.items ?? []
  }
  return async (context) => {
    // Side by side: both may be slow, and the client's three seconds are for both.
    const [others] = await Promise.all([claudeModels(context), local?.refresh(waitUntilOf(context))])
    const own = VIRTUAL_MODELS.map((id) => modelItem(id, 'Router picks', 'ulfberht-router'))
    const localName = local?.modelName()
    if (local !== undefined) own.push(modelItem(LOCAL_MODEL, 'Local model', 'ulfberht-router'))
    if (localName !== undefined && localName !== LOCAL_MODEL)
      own.push(modelItem(localName, localName, 'local'))
    return [...own, ...others]
  }
}

/** Returns Claude's models, or undefined if they cannot be had: a list without them is better than none. */
async function fetchClaudeModels(
  { config, fetch, log }: AppDependencies,
  context: AppContext,
): Promise<ModelItem[] | undefined> {
  try {
    const caller = {
      ...passedHeaders(context.req.raw.headers),
      clientCredential: context.get('clientCredential'),
    }
    const { 'content-type': _, ...headers } = claudeRequestHeaders(config.claude, caller)
    const response = await fetch(`${config.claude.baseUrl}/v1/models?limit=${DEFAULT_LIMIT}`, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(CLAUDE_LIST_TIMEOUT_MS),
    })
    const parsed = listSchema.safeParse(await response.json())
    if (!parsed.success) return undefined
    return parsed.data.data.map((model) => ({
      ...modelItem(model.id, model.id, 'anthropic'),
      ...model,
      object: 'model',
    }))
  } catch {
    log('[Router] Claude gives no list of models', { requestId: context.get('requestId') }, 'error')
    return undefined
  }
}

function modelItem(id: string, displayName: string, owner: string): ModelItem {
  return {
    type: 'model',
    id,
    display_name: displayName,
    created_at: CREATED_AT,
    object: 'model',
    created: Date.parse(CREATED_AT) / 1_000,
    owned_by: owner,
  }
}

/** Anthropic's paging: `after_id` and `before_id` name an item, `limit` is 1 to 1000. */
function paginate(
  all: readonly ModelItem[],
  query: URLSearchParams,
): { items: ModelItem[]; hasMore: boolean } {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new RouterError('invalid_request', 'limit: must be a whole number from 1 to 1000')
  const indexOf = (name: string) => {
    const id = query.get(name)
    if (id === null) return undefined
    const index = all.findIndex((model) => model.id === id)
    if (index === -1) throw new RouterError('invalid_request', `${name}: there is no such model`)
    return index
  }
  const before = indexOf('before_id')
  if (before !== undefined) {
    const from = Math.max(0, before - limit)
    return { items: all.slice(from, before), hasMore: from > 0 }
  }
  const from = (indexOf('after_id') ?? -1) + 1
  return { items: all.slice(from, from + limit), hasMore: from + limit < all.length }
}
