/**
 * What every request to Claude has in common: which headers go, whose credential, which headers may come back.
 */
import { RouterError } from '../../../shared/errors.ts'
import { isHeaderValue, sendableHeaders } from '../../../shared/header-value.ts'
import type { RouterRequest } from '../../request.ts'
import type { ClaudeConfig } from '../../settings/core-settings.ts'

/** Sent for clients that name no version; every client of the classic API speaks it. */
const DEFAULT_VERSION = '2023-06-01'
/** Lengths and encodings describe other bytes than ours; cookies and server names must not reach clients. */
const VISIBLE_HEADERS = /^(request-id|retry-after(-ms)?|x-should-retry|anthropic-[\w-]+|content-type)$/

type Caller = Pick<RouterRequest, 'apiHeaders' | 'passHeaders' | 'clientCredential'>

/** Whether any request can be sent to Claude. */
export function isClaudeConfigured(config: ClaudeConfig): boolean {
  return config.keySource !== 'router' || config.apiKey !== undefined
}

/**
 * Returns the headers of a request on behalf of `caller`.
 * @throws {RouterError} `configuration` or `unauthorized` where there is no key
 */
export function claudeRequestHeaders(config: ClaudeConfig, caller: Caller): Record<string, string> {
  return {
    ...sendableHeaders(caller.passHeaders),
    'anthropic-version': DEFAULT_VERSION,
    ...sendableHeaders(caller.apiHeaders),
    'content-type': 'application/json',
    ...credentialHeaders(config, caller),
  }
}

/** Returns what the client may see of Claude's headers. */
export function visibleHeaders(headers: Headers): Record<string, string> {
  const visible: Record<string, string> = {}
  for (const [name, value] of headers)
    if (VISIBLE_HEADERS.test(name) && isHeaderValue(value)) visible[name] = value
  return visible
}

function credentialHeaders(config: ClaudeConfig, { clientCredential }: Caller): Record<string, string> {
  if (config.keySource === 'transport') return {}
  if (config.keySource === 'client') {
    if (clientCredential !== undefined) {
      const { header, value } = clientCredential
      if (isHeaderValue(value)) return { [header]: value }
      throw new RouterError(
        'unauthorized',
        `The key in ${header} holds a character that no key has, such as an invisible one. Copy it again.`,
      )
    }
    throw new RouterError(
      'unauthorized',
      'Send your own Anthropic key in x-api-key or Authorization: this router has none.',
    )
  }
  if (config.apiKey !== undefined) return { 'x-api-key': config.apiKey }
  throw new RouterError(
    'configuration',
    'This request needs Claude, and ANTHROPIC_API_KEY is not set on the router.',
  )
}
