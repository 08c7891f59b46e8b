/**
 * OpenAI's chat completions towards a local server (llama.cpp's server, Ollama, vLLM): the road to GPUs and to models
 * that transformers.js does not run. Joins the pure translations of `chat-completions/` to the wire.
 */

import type { KnownEvent } from '../../../shared/events.ts'
import { createUsage } from '../../../shared/messages.ts'
import { estimateTokens } from '../../../shared/tokens.ts'
import { toChatCompletionRequest } from '../../chat-completions/chat-completion-request.ts'
import { createMessagesTranslator } from '../../chat-completions/messages-translator.ts'
import type { LocalProtocol } from './protocol.ts'

/** Makers whose older servers refuse a request with `reasoning_effort: "none"`; all of them read the template's own switch. */
const WITHOUT_EFFORT_NONE: ReadonlySet<string> = new Set(['vllm', 'sglang'])

export const localOpenAiProtocol: LocalProtocol = {
  path: '/v1/chat/completions',
  readinessPaths: ['/v1/models'],
  headers(secret): Record<string, string> {
    return secret === undefined ? {} : { authorization: `Bearer ${secret}` }
  },
  body: (request, { model, logprobs, server }) =>
    toChatCompletionRequest(request, {
      model,
      logprobs,
      maxTokens: server?.maxOutputTokens,
      effortNone: !WITHOUT_EFFORT_NONE.has(server?.owner ?? ''),
    }),
  createReader(model, requestId) {
    const translator = createMessagesTranslator({ id: requestId.replace(/^req_/, 'msg_'), model })
    let text = ''
    /** Some servers report no usage at all; an estimate is better than a zero that looks measured. */
    const withUsage = (event: KnownEvent): KnownEvent => {
      if (event.type === 'content_block_delta') text += event.delta.text ?? event.delta.thinking ?? ''
      if (event.type !== 'message_delta' || event.usage !== undefined) return event
      return { ...event, usage: createUsage(0, estimateTokens(text)) }
    }
    return {
      push: ({ data }) => translator.push(data).map(withUsage),
      end: () => translator.end().map(withUsage),
    }
  },
}
