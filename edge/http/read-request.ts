/**
 * Makes a RouterRequest of an HTTP request: headers that the router reads, headers that Claude gets, checked body.
 */
import { RouterError } from '../../shared/errors.ts'
import { isHeaderValue } from '../../shared/header-value.ts'
import { parseJsonBody, topLevelMembers } from '../../shared/json.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import type { CacheMode, Controls, RouterRequest } from '../request.ts'
import { isStrategy, STRATEGIES } from '../strategy.ts'
import { type ControlName, requireAllowedModel } from '../tenant-policy.ts'
import type { Tenant } from '../tenants.ts'
import { type AppContext, waitUntilOf } from './context.ts'

/**
 * Passed on beside `anthropic-*`; everything else, and every x-router-* header, stays here. An idempotency-key does,
 * too: under the operator's one credential, two tenants' equal keys would be one request.
 */
const PASSED_HEADERS = /^(user-agent|x-app|traceparent|tracestate|x-stainless-[\w-]+)$/
const API_HEADERS = /^anthropic-[\w-]+$/

export type RequestBody = { readonly body: Uint8Array; readonly text: string; readonly value: unknown }

/** Checks bytes that should be a Messages request. @throws {RouterError} `invalid_request` that says what to change */
export function checkBody(bytes: Uint8Array): RequestBody {
  const { text, value } = parseJsonBody(bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const seen = new Set<string>()
    const twice = topLevelMembers(text).find(({ key }) => {
      if (seen.has(key)) return true
      seen.add(key)
      return false
    })?.key
    // Two parsers may pick different ones: what is routed must be what is answered.
    if (twice !== undefined)
      throw new RouterError(
        'invalid_request',
        `The field ${JSON.stringify(twice.slice(0, 60))} appears twice. Send it once.`,
      )
  }
  return { body: withoutByteOrderMark(bytes), text, value }
}

/** RFC 8259 lets a reader ignore the mark and forbids a writer to send it: Claude refuses it, the text has none. */
function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  const [first, second, third] = bytes
  return first === 0xef && second === 0xbb && third === 0xbf ? bytes.subarray(3) : bytes
}

/**
 * Returns the request for the gateway.
 * @param signal aborted when the client disconnects
 * @throws {RouterError} `invalid_request` that says what to change, `forbidden` where the tenant may not ask for it
 */
export function createRouterRequest(
  context: AppContext,
  { body, text, value }: RequestBody,
  signal: AbortSignal,
  options: Partial<
    Pick<
      RouterRequest,
      'surface' | 'user' | 'translated' | 'logprobs' | 'structured' | 'unlimited' | 'cutAt'
    > &
      Pick<Controls, 'privacyLocal'>
  > = {},
): RouterRequest {
  const tenant = context.get('tenant')
  const headers = context.req.raw.headers
  const view = parseMessagesRequest(value)
  requireAllowedModel(tenant, view.model)
  return {
    id: context.get('requestId'),
    tenant,
    surface: options.surface ?? 'messages',
    user: options.user,
    body,
    text,
    view,
    query: queryOf(context.req.url),
    ...passedHeaders(headers),
    header: (name) => headers.get(name) ?? undefined,
    clientCredential: context.get('clientCredential'),
    controls: withPrivacy(readControls(headers, tenant), options.privacyLocal ?? false),
    translated: options.translated ?? false,
    logprobs: options.logprobs ?? false,
    structured: options.structured ?? false,
    unlimited: options.unlimited ?? false,
    cutAt: options.cutAt ?? [],
    agentSession: headers.has('x-claude-code-session-id'),
    signal,
    startedAt: context.get('startedAt'),
    waitUntil: waitUntilOf(context),
  }
}

/** Returns the query string with its question mark, or an empty text. */
function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : new URL(url).search
}

/** @throws {RouterError} `invalid_request` for a value that no control has, `forbidden` where the tenant may not use it */
export function readControls(headers: Headers, tenant: Tenant): Controls {
  const allowed = (control: ControlName, name: string): string | undefined => {
    const value = headers.get(name)?.trim()
    if (value === undefined) return undefined
    if (value === '')
      throw new RouterError(
        'invalid_request',
        `The header ${name} is empty. Give it a value or leave it out.`,
      )
    if (tenant.forbid.includes(control))
      throw new RouterError('forbidden', `The header ${name} is not allowed for this key. Leave it out.`)
    return value
  }
  const force = allowed('force', 'x-router-force')
  if (force !== undefined && force !== 'local' && force !== 'claude')
    throw new RouterError('invalid_request', 'x-router-force must be "local" or "claude".')
  const strategy = allowed('strategy', 'x-router-strategy')
  if (strategy !== undefined && !isStrategy(strategy))
    throw new RouterError('invalid_request', `x-router-strategy must be one of ${STRATEGIES.join(', ')}.`)
  const privacy = allowed('privacy', 'x-router-privacy')
  if (privacy !== undefined && privacy !== 'local')
    throw new RouterError('invalid_request', 'x-router-privacy must be "local".')
  if (privacy === 'local' && force === 'claude')
    throw new RouterError(
      'invalid_request',
      'x-router-privacy: local and x-router-force: claude contradict each other.',
    )
  return {
    force,
    strategy,
    cache: readCacheMode(allowed('cache', 'x-router-cache'), headers, tenant),
    privacyLocal: privacy === 'local',
  }
}

/** @param inherited whether the request holds what came with `x-router-privacy: local` before */
function withPrivacy(controls: Controls, inherited: boolean): Controls {
  if (!inherited) return controls
  if (controls.force === 'claude')
    throw new RouterError(
      'invalid_request',
      'x-router-force: claude: the kept conversation has a part that came with x-router-privacy: local, which holds for all that goes on from it. Leave the header out or begin a new conversation.',
    )
  return { ...controls, privacyLocal: true }
}

function readCacheMode(control: string | undefined, headers: Headers, tenant: Tenant): CacheMode {
  if (control === 'skip' || control === 'refresh') return control
  if (control !== undefined)
    throw new RouterError('invalid_request', 'x-router-cache must be "skip" or "refresh".')
  // Browsers send cache-control by themselves: where the cache is not the client's to steer it says nothing.
  if (tenant.forbid.includes('cache')) return 'use'
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(/[\s,]+/)
  if (directives.includes('no-store')) return 'skip'
  return directives.includes('no-cache') ? 'refresh' : 'use'
}

/** Returns the headers that upstreams get unchanged; those that cannot be sent are left out. */
export function passedHeaders(headers: Headers): Pick<RouterRequest, 'apiHeaders' | 'passHeaders'> {
  const apiHeaders: Record<string, string> = {}
  const passHeaders: Record<string, string> = {}
  for (const [name, value] of headers) {
    const kind = API_HEADERS.test(name) ? apiHeaders : PASSED_HEADERS.test(name) ? passHeaders : undefined
    if (kind !== undefined && isHeaderValue(value)) kind[name] = value
  }
  return { apiHeaders, passHeaders }
}
