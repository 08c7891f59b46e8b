/**
 * `GET` and `DELETE /v1/responses/:id` and `GET …/input_items`: what is kept of a tenant's responses. Answers nothing anew.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { type KeptItems, readKeptItems } from '../responses/kept-items.ts'
import type { ResponseShelf } from '../responses/store/response-store.ts'
import type { AppContext, AppDependencies } from './context.ts'

const frameSchema = z.looseObject({ id: z.string() })
type Frame = z.infer<typeof frameSchema>

/** A page of input items holds so many unless the client says another number, up to the second. */
const PAGE = 20
const LARGEST_PAGE = 100

/** Returns the handlers. */
export function createKeptResponseHandlers({ responses }: Pick<AppDependencies, 'responses'>) {
  const shelfOf = (context: AppContext): ResponseShelf => {
    if (responses !== undefined) return responses.of(context.get('tenant').id)
    throw new RouterError(
      'not_found',
      'This router keeps no responses. RESPONSES_RETENTION_HOURS says for how long it shall.',
    )
  }
  const find = async (context: AppContext): Promise<{ frame: Frame; items: KeptItems }> => {
    const shelf = shelfOf(context)
    const kept = await shelf.find(idOf(context))
    if (kept === undefined) throw missing()
    return { frame: frameSchema.parse(JSON.parse(kept.frame)), items: readKeptItems(kept.items) }
  }

  return {
    read: async (context: AppContext): Promise<Response> => {
      if (context.req.query('stream') === 'true')
        throw new RouterError('invalid_request', 'stream: kept responses are given as JSON only')
      const { frame, items } = await find(context)
      return context.json({ ...frame, output: shown(items.output, context) })
    },
    inputItems: async (context: AppContext): Promise<Response> => {
      const { limit, order, after } = readPage(context)
      const { items } = await find(context)
      const all = shown(order === 'asc' ? items.input : items.input.toReversed(), context)
      const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
      if (after !== undefined && start === 0)
        throw new RouterError('invalid_request', 'after: must be the id of one of the input items')
      const data = all.slice(start, start + limit)
      return context.json({
        object: 'list',
        data,
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: start + limit < all.length,
      })
    },
    remove: async (context: AppContext): Promise<Response> => {
      const shelf = shelfOf(context)
      const id = idOf(context)
      if (!(await shelf.remove(id))) throw missing()
      return context.json({ id, object: 'response', deleted: true })
    },
  }
}

function idOf(context: AppContext): string {
  return context.req.param('id') ?? ''
}

function missing(): RouterError {
  return new RouterError('not_found', 'No such response is kept: it is unknown, deleted or expired.')
}

/** What Claude wants back of its reasoning is shown to those who ask. */
function shown(items: KeptItems['input'], context: AppContext): KeptItems['input'] {
  const included = [...(context.req.queries('include') ?? []), ...(context.req.queries('include[]') ?? [])]
  if (included.includes('reasoning.encrypted_content')) return items
  return items.map((item) => {
    if (item.type !== 'reasoning') return item
    const { encrypted_content: _, ...rest } = item
    return rest
  })
}

function readPage(context: AppContext) {
  const { limit = String(PAGE), order = 'desc', after } = context.req.query()
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > LARGEST_PAGE)
    throw new RouterError('invalid_request', `limit: must be a whole number from 1 to ${LARGEST_PAGE}`)
  if (order !== 'asc' && order !== 'desc')
    throw new RouterError('invalid_request', 'order: must be "asc" or "desc"')
  return { limit: Number(limit), order, after }
}
