/**
 * `GET /v1/models` and `GET /v1/models/:id`: the router's own names, the local model, and Claude's list where a key
 * is set. Each item carries both vendors' fields, so that either's clients can read it.
 */
import { RouterError } from '../../shared/errors.ts'
import { createModelLister } from '../providers/claude/list-models.ts'
import { LOCAL_MODEL, VIRTUAL_MODELS } from '../routing/virtual-models.ts'
import { mayAskFor } from '../tenant-policy.ts'
import { type AppContext, type AppDependencies, waitUntilOf } from './context.ts'
import { passedHeaders, readControls } from './read-request.ts'

type ModelItem = Record<string, unknown> & { readonly id: string }
export type ModelList = (context: AppContext) => Promise<readonly ModelItem[]>

const DEFAULT_LIMIT = 1_000
/** The router's own names have no birthday; a fixed one keeps the list stable. */
const CREATED_AT = '2026-11-01T00:00:00Z'

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
export function createModelList({ config, fetch, local, log, now }: AppDependencies): ModelList {
  const listClaudeModels = createModelLister({ config: config.claude, fetch, log, now })
  return async (context) => {
    const tenant = context.get('tenant')
    const { privacyLocal } = readControls(context.req.raw.headers, tenant)
    const caller = {
      id: context.get('requestId'),
      ...passedHeaders(context.req.raw.headers),
      clientCredential: context.get('clientCredential'),
    }
    // Side by side: both may be slow, and the client's three seconds are for both.
    const [others] = await Promise.all([
      // What is private tells Claude nothing, not even that somebody is there.
      privacyLocal ? [] : listClaudeModels(caller),
      local?.refresh(waitUntilOf(context)),
    ])
    const own = VIRTUAL_MODELS.map((id) => modelItem(id, 'Router picks', 'ulfberht-router'))
    const localName = local?.modelName()
    if (local !== undefined) own.push(modelItem(LOCAL_MODEL, 'Local model', 'ulfberht-router'))
    if (localName !== undefined && localName !== LOCAL_MODEL)
      own.push(modelItem(localName, localName, 'local'))
    const claude = others.map((model) => ({
      ...modelItem(model.id, model.id, 'anthropic'),
      ...model,
      object: 'model',
    }))
    return [...own, ...claude].filter(({ id }) => mayAskFor(tenant, id))
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
