/**
 * Anthropic's SDK as the road to Claude: credentials, identification and connections are the client's, and so may be
 * a host program's own. Everything else (deadlines, the one retry, what errors mean) is edge/providers/claude.ts.
 */
import Anthropic, { APIConnectionError, APIError } from '@anthropic-ai/sdk'
import type { Fetch } from '../edge/providers/provider.ts'
import type { ClaudeConfig } from '../edge/settings/core-settings.ts'

/** What is needed of a client; also the clients for other platforms have it. */
export type AnthropicClient = Pick<Anthropic, 'post'>

/**
 * Returns a client for the settings, or undefined where there is no key.
 * @param fetch used for every request
 */
export function createAnthropicClient(config: ClaudeConfig, fetch: Fetch): AnthropicClient | undefined {
  if (config.apiKey === undefined) return undefined
  return new Anthropic({
    apiKey: config.apiKey,
    baseURL: config.baseUrl,
    // The SDK's own log would hold prompts at its debug level.
    logLevel: 'off',
    fetch: (input, init) => fetch(input instanceof Request ? input.url : String(input), init ?? {}),
  })
}

/**
 * Returns a fetch for the Messages endpoint that goes through `client`. As fetch does, it returns responses of any
 * status and rejects only where there was none.
 * @param timeoutMs limit of one request; the provider's deadlines are shorter
 */
export function createClaudeFetch(client: AnthropicClient, timeoutMs: number): Fetch {
  return async (url, init) => {
    const { pathname, search } = new URL(url)
    const headers = new Headers(init.headers)
    // Whose credential is sent is the client's affair.
    headers.delete('x-api-key')
    headers.delete('authorization')
    try {
      return await client
        .post(`${pathname.slice(pathname.lastIndexOf('/v1/'))}${search}`, {
          body: init.body,
          headers: Object.fromEntries(headers),
          signal: init.signal,
          fetchOptions: { redirect: 'manual' },
          maxRetries: 0,
          timeout: timeoutMs,
        })
        .asResponse()
    } catch (error) {
      const response = responseOf(error)
      if (response === undefined) throw error
      return response
    }
  }
}

/** The SDK throws what fetch returns: a response that is no success. */
function responseOf(error: unknown): Response | undefined {
  if (!(error instanceof APIError) || error instanceof APIConnectionError) return undefined
  const { status, headers } = error
  if (status === undefined || status < 200) return undefined
  return new Response(status === 304 ? null : JSON.stringify(error.error ?? null), {
    // No Response can be made of a status that HTTP does not have.
    status: status > 599 ? 502 : status,
    headers: headers ?? {},
  })
}
