/**
 * `POST /v1/messages/count_tokens`: Claude's own count where Claude can be asked, else an estimate, marked as one.
 */
import { type MessagesRequest, textOf } from '../../shared/messages.ts'
import { estimateTokens } from '../../shared/tokens.ts'
import { createTokenCounter } from '../providers/claude/count-tokens.ts'
import { isClaudeConfigured } from '../providers/claude/headers.ts'
import { isVirtualModel } from '../routing/virtual-models.ts'
import { clientSignal } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'

/** Returns the handler. */
export function createCountTokensHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, fetch, log, gateway } = dependencies
  const countByClaude = createTokenCounter(config.claude, fetch)
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
    const mayLeave = decision.targets.some(({ provider }) => provider === 'claude')
    if (mayLeave && isClaudeConfigured(config.claude)) {
      const { model } = request.view
      const counted = await countByClaude(request, {
        provider: 'claude',
        // A client that counts has often not written its question yet, by which a tier could be chosen.
        model: isVirtualModel(model) ? config.claude.model : model,
      })
      if (counted !== undefined) return new Response(counted.bytes, counted)
      log('[Router] Claude does not count tokens; estimating', { requestId: request.id }, 'error')
    }
    const headers = { 'x-router-estimate': 'true' }
    return context.json({ input_tokens: estimateRequest(request.view), estimated: true }, 200, headers)
  }
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
