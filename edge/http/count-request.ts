/**
 * How many tokens a request has: Claude's own count where Claude may be asked and can say, else an estimate. Knows no form
 * of the answer.
 */
import { type MessagesRequest, textOf } from '../../shared/messages.ts'
import { estimateTokens } from '../../shared/tokens.ts'
import { createTokenCounter, type TokenCount } from '../providers/claude/count-tokens.ts'
import { isClaudeConfigured } from '../providers/claude/headers.ts'
import type { RouterRequest } from '../request.ts'
import { isVirtualModel } from '../routing/virtual-models.ts'
import type { AppDependencies } from './context.ts'

/** What Claude answered, an error of the client's included; or an estimate, in tokens. */
export type RequestCount = TokenCount | { readonly estimate: number }

/** Returns the function that counts. It throws what planning a request throws. */
export function createRequestCounter({
  config,
  fetch,
  log,
  gateway,
}: Pick<AppDependencies, 'config' | 'fetch' | 'log' | 'gateway'>): (
  request: RouterRequest,
) => Promise<RequestCount> {
  const countByClaude = createTokenCounter(config.claude, fetch)
  return async (request) => {
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
      if (counted !== undefined) return counted
      log('[Router] Claude does not count tokens; estimating', { requestId: request.id }, 'error')
    }
    return { estimate: estimateRequest(request.view) }
  }
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
