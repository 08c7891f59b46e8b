/**
 * Claude's own count of a request's tokens. Knows nothing of HTTP towards the client and estimates nothing: where Claude
 * cannot say, the caller does.
 */
import * as z from 'zod/mini'
import type { RouterRequest } from '../../request.ts'
import type { ClaudeConfig } from '../../settings/core-settings.ts'
import type { Target } from '../../target.ts'
import type { Fetch } from '../provider.ts'
import type { Changes } from './fit-request.ts'
import { claudeRequestHeaders, visibleHeaders } from './headers.ts'
import { claudeChanges, claudeRequestBody } from './request-body.ts'
import { readUpstreamError } from './upstream-errors.ts'

/** Claude's answer as it came: a count, or what is wrong with the request. */
export type TokenCount = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Returns what Claude answers, or undefined where it cannot be asked or is itself in trouble. Never throws. */
export type TokenCounter = (request: RouterRequest, target: Target) => Promise<TokenCount | undefined>

const TIMEOUT_MS = 10_000
const countSchema = z.looseObject({ input_tokens: z.number() })

/** Returns the counter. */
export function createTokenCounter(config: ClaudeConfig, fetch: Fetch): TokenCounter {
  const ask = async (request: RouterRequest, target: Target): Promise<TokenCount | undefined> => {
    const response = await fetch(`${config.baseUrl}/v1/messages/count_tokens${request.query}`, {
      method: 'POST',
      headers: claudeRequestHeaders(config, request),
      body: claudeRequestBody(request, changesOf(request, target)),
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (!(response.ok ? isCount(bytes) : isClientsFault(response, bytes))) return undefined
    const headers = { ...visibleHeaders(response.headers), 'content-type': 'application/json' }
    return { status: response.status, headers, bytes }
  }
  return (request, target) => ask(request, target).catch(() => undefined)
}

/** Members that say how to answer. The endpoint refuses them, and of a translated request the client did not choose them. */
const ABOUT_THE_ANSWER = [
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'stream',
]

function changesOf(request: RouterRequest, target: Target): Changes {
  const changes = claudeChanges(request, target, false)
  if (!request.translated) return changes
  const left = new Map(changes)
  for (const name of ABOUT_THE_ANSWER) if (name in request.view || left.has(name)) left.set(name, undefined)
  return left
}

function isCount(bytes: Uint8Array): boolean {
  try {
    return countSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).success
  } catch {
    return false
  }
}

/** An error in Claude's own form; a page of whatever stands in between is none. */
function isClientsFault({ status, headers }: Response, bytes: Uint8Array): boolean {
  if (status < 400 || status >= 500 || [401, 402, 403].includes(status)) return false
  return readUpstreamError(status, headers, bytes).type !== undefined
}
