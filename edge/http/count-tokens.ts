/**
 * `POST /v1/messages/count_tokens`: Claude's own count where Claude can be asked, else an estimate, marked as one.
 */
import * as z from 'zod/mini'
import { type MessagesRequest, textOf } from '../../shared/messages.ts'
import { estimateTokens } from '../../shared/tokens.ts'
import { claudeRequestHeaders, isClaudeConfigured, visibleHeaders } from '../providers/claude/headers.ts'
import { claudeRequestBody } from '../providers/claude/request-body.ts'
import { readUpstreamError } from '../providers/claude/upstream-errors.ts'
import type { RouterRequest } from '../request.ts'
import { isVirtualModel } from '../routing/virtual-models.ts'
import { clientSignal } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'

const TIMEOUT_MS = 10_000
const countSchema = z.looseObject({ input_tokens: z.number() })

/** Returns the handler. */
export function createCountTokensHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, fetch, log, gateway } = dependencies
  return async (context) => {
    const { body, text, value } = checkBody(await readJsonBytes(context.req.raw, config.maxBodyBytes))
    const request = createRouterRequest(
      context,
      // The endpoint takes the same body without max_tokens.
      { body, text, value: withMaxTokens(value) },
      clientSignal(context).signal,
    )
    const { decision } = await gateway.plan(request)
    // What must not be answered by Claude must not be read by it either.
    const mayLeave = decision.targets.some((target) => target.provider === 'claude')
    if (isClaudeConfigured(config.claude) && mayLeave) {
      const counted = await askClaude(request).catch(() => undefined)
      if (counted !== undefined) return counted
      log('[Router] Claude does not count tokens; estimating', { requestId: request.id }, 'error')
    }
    const headers = { 'x-router-estimate': 'true' }
    return context.json({ input_tokens: estimateRequest(request.view), estimated: true }, 200, headers)
  }

  /** Returns Claude's answer, errors of the request included, or undefined where Claude itself is in trouble. */
  async function askClaude(request: RouterRequest): Promise<Response | undefined> {
    const { model } = request.view
    const target = { provider: 'claude', model: isVirtualModel(model) ? config.claude.model : model } as const
    const response = await fetch(`${config.claude.baseUrl}/v1/messages/count_tokens${request.query}`, {
      method: 'POST',
      headers: claudeRequestHeaders(config.claude, request),
      body: claudeRequestBody(request, target, false),
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (!(response.ok ? isCount(bytes) : isClientsFault(response, bytes))) return undefined
    return new Response(bytes, {
      status: response.status,
      headers: { ...visibleHeaders(response.headers), 'content-type': 'application/json' },
    })
  }
}

function isCount(bytes: Uint8Array): boolean {
  try {
    return countSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).success
  } catch {
    return false
  }
}

/** A refusal in Claude's own form; a page of whatever stands in between is none. */
function isClientsFault({ status, headers }: Response, bytes: Uint8Array): boolean {
  if (status < 400 || status >= 500 || [401, 402, 403].includes(status)) return false
  return readUpstreamError(status, headers, bytes).type !== undefined
}

function withMaxTokens(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return { max_tokens: 1, ...value }
}

/** Counts what a model reads: texts, and the JSON of everything that is not text. */
function estimateRequest(request: MessagesRequest): number {
  const texts = [textOf(request.system), ...request.messages.map((message) => textOf(message.content))]
  const others = request.messages.flatMap((message) =>
    typeof message.content === 'string' ? [] : message.content.filter((block) => block.type !== 'text'),
  )
  const rest = [...others, ...(request.tools ?? [])].map((part) => JSON.stringify(part))
  return [...texts, ...rest].reduce((sum, text) => sum + estimateTokens(text), 0)
}
