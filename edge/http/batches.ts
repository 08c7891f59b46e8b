/**
 * `/v1/messages/batches` and what is under it: Anthropic's Message Batches. Reads requests and writes answers; whose batches
 * they are, and what they may take, is known in `edge/batches/`.
 */
import { type ErrorCode, RouterError } from '../../shared/errors.ts'
import { arrayElements, topLevelMembers } from '../../shared/json.ts'
import type { Log } from '../../shared/log.ts'
import { readBatchRequest } from '../batches/batch-request.ts'
import type { BatchClient, Batches } from '../batches/batches.ts'
import { type ListQuery, LONGEST_PAGE } from '../batches/list-batches.ts'
import type { BatchAnswer } from '../providers/claude/batches.ts'
import { clientSignal } from './answer.ts'
import { type AppContext, type AppDependencies, waitUntilOf } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, passedHeaders, readControls } from './read-request.ts'
import { createUserReader } from './read-user.ts'

type Handler = (context: AppContext) => Promise<Response>

const DEFAULT_PAGE = 20

/** Returns the handlers. */
export function createBatchHandlers(dependencies: AppDependencies): {
  readonly create: Handler
  readonly list: Handler
  readonly retrieve: Handler
  readonly cancel: Handler
  readonly remove: Handler
  readonly results: Handler
} {
  const { batches, config, strategies, local, log } = dependencies
  const readUser = createUserReader(config.users)
  const ofOne =
    (work: (batches: Batches) => (client: BatchClient, id: string) => Promise<BatchAnswer>): Handler =>
    async (context) => {
      mayAskClaude(context)
      return send(context, await work(batches)(clientOf(context), context.req.param('id') ?? ''))
    }
  const handlers = {
    async create(context: AppContext) {
      const { strategy, force } = mayAskClaude(context)
      const { tenant, ...client } = { ...clientOf(context), tenant: context.get('tenant') }
      const inForce = strategy ?? tenant.strategy ?? (await strategies.current(client.waitUntil))
      if (inForce === 'local_only' && force !== 'claude')
        throw new RouterError(
          'invalid_request',
          'Batches are answered by Claude only, and the strategy is local_only.',
        )
      const body = checkBody(await readJsonBytes(context.req.raw, config.maxBodyBytes))
      // A request may name the local model, whose name an isolate that has just started does not know yet.
      if (local !== undefined && local.modelName() === undefined) await local.refresh(client.waitUntil)
      const name = local && { name: local.modelName() }
      const read = readBatchRequest(body.text, body.value, tenant, name)
      const user = await readUser(context, read.users.length === 1 ? read.users[0] : undefined)
      return send(
        context,
        await batches.create({ ...client, tenant: tenant.id }, { body: body.body, read, user }),
      )
    },
    async list(context: AppContext) {
      mayAskClaude(context)
      return send(context, await batches.list(clientOf(context), listQuery(context)))
    },
    retrieve: ofOne(({ retrieve }) => retrieve),
    cancel: ofOne(({ cancel }) => cancel),
    remove: ofOne(({ remove }) => remove),
    async results(context: AppContext) {
      mayAskClaude(context)
      const answer = await batches.results(clientOf(context), context.req.param('id') ?? '')
      if ('bytes' in answer) return send(context, answer)
      const isRead = context.req.raw.method !== 'HEAD'
      // Nobody reads the body of a HEAD request: what Claude sends would never end.
      if (!isRead) await answer.body.cancel()
      return new Response(isRead ? answer.body : null, { headers: { ...ids(context), ...answer.headers } })
    },
  }
  const { create, list, retrieve, cancel, remove, results } = handlers
  const telling = (handler: Handler) => tellingRefusals(handler, log)
  return {
    create: telling(create),
    list: telling(list),
    retrieve: telling(retrieve),
    cancel: telling(cancel),
    remove: telling(remove),
    results: telling(results),
  }
}

/** Batches leave receipts of their rows only: what is refused, here or by Claude, leaves a line of the log. */
function tellingRefusals(handler: Handler, log: Log): Handler {
  return async (context) => {
    const tell = (status: number, code?: ErrorCode) => {
      const requestId = context.get('requestId')
      const tenant = context.get('tenant').id
      log('[Router] Batch call refused', { requestId, tenant, method: context.req.method, status, code })
    }
    try {
      const response = await handler(context)
      if (response.status >= 400) tell(response.status)
      return response
    } catch (error) {
      const { status, code } = RouterError.from(error)
      tell(status, code)
      throw error
    }
  }
}

/** What must not be answered by Claude must not be sent there: asked before the body is read. */
function mayAskClaude(context: AppContext) {
  const controls = readControls(context.req.raw.headers, context.get('tenant'))
  if (controls.privacyLocal || controls.force === 'local')
    throw new RouterError(
      'invalid_request',
      `Batches are answered by Claude only: ${controls.privacyLocal ? 'x-router-privacy' : 'x-router-force'}: local cannot hold for them. Send each request to POST /v1/messages.`,
    )
  return controls
}

function clientOf(context: AppContext): BatchClient {
  return {
    id: context.get('requestId'),
    tenant: context.get('tenant').id,
    query: new URL(context.req.url).search,
    ...passedHeaders(context.req.raw.headers),
    clientCredential: context.get('clientCredential'),
    signal: clientSignal(context).signal,
    waitUntil: waitUntilOf(context),
  }
}

function listQuery(context: AppContext): ListQuery {
  const others = new URL(context.req.url).searchParams
  const [given, after, before] = ['limit', 'after_id', 'before_id'].map((name) => {
    const value = others.get(name) ?? undefined
    others.delete(name)
    return value
  })
  const limit = Number(given ?? DEFAULT_PAGE)
  if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_PAGE)
    throw new RouterError('invalid_request', `limit: must be a whole number from 1 to ${LONGEST_PAGE}`)
  if (after !== undefined && before !== undefined)
    throw new RouterError('invalid_request', 'after_id and before_id: send one of them')
  return { limit, after, before, others }
}

function send(context: AppContext, { ok, status, headers, bytes }: BatchAnswer): Response {
  const body = ok ? withOwnAddresses(new TextDecoder().decode(bytes), originOf(context)) : bytes
  return new Response(typeof body === 'string' ? body : new Uint8Array(body), {
    status,
    headers: { ...ids(context), ...headers },
  })
}

function ids(context: AppContext): Record<string, string> {
  const id = context.get('requestId')
  return { 'request-id': id, 'x-request-id': id, 'x-router-request-id': id }
}

/** Behind a proxy that ends TLS the router sees plain HTTP: keys must not go there. */
function originOf(context: AppContext): string {
  const url = new URL(context.req.url)
  if (context.req.header('x-forwarded-proto')?.split(',')[0]?.trim() === 'https') url.protocol = 'https:'
  return url.origin
}

/** SDKs fetch results where the batch says: that is here, where the client's key is known. Nothing else of it changes. */
function withOwnAddresses(text: string, origin: string): string {
  const members = topLevelMembers(text)
  const list = members.findLast(({ key }) => key === 'data')
  if (list !== undefined && text[list.start] === '[') {
    const items = arrayElements(text.slice(list.start, list.end)).map((item) => withOwnAddress(item, origin))
    return `${text.slice(0, list.start)}[${items.join(',')}]${text.slice(list.end)}`
  }
  return withOwnAddress(text, origin)
}

function withOwnAddress(text: string, origin: string): string {
  const members = topLevelMembers(text)
  const member = (name: string) => members.findLast(({ key }) => key === name)
  const [id, address] = [member('id'), member('results_url')]
  if (id === undefined || address === undefined || text[address.start] !== '"') return text
  const own = JSON.stringify(
    `${origin}/v1/messages/batches/${JSON.parse(text.slice(id.start, id.end))}/results`,
  )
  return text.slice(0, address.start) + own + text.slice(address.end)
}
