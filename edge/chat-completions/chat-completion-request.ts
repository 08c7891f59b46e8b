/**
 * A Messages request as a chat completions request for a model server of one's own that speaks OpenAI's API
 * (llama.cpp, Ollama, vLLM). Text only: whatever else a request holds belongs to Claude. Does no I/O.
 */
import { RouterError } from '../../shared/errors.ts'
import { isTextOnly, type MessagesRequest, textOf } from '../../shared/messages.ts'

type ChatCompletionRequestBody = {
  readonly model: string
  readonly messages: readonly ServerMessage[]
  readonly max_tokens: number
  readonly stream: true
  readonly stream_options: { readonly include_usage: true }
  readonly stop?: readonly string[]
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
  readonly logprobs?: true
  readonly chat_template_kwargs: { readonly enable_thinking: false }
  readonly reasoning_effort?: 'none'
}

type ServerMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

type ServerRequestOptions = {
  /** The name under which the server knows its model. */
  readonly model: string
  /** Whether the server shall report log-probabilities. */
  readonly logprobs?: boolean
  /** The most that an answer may hold there; servers refuse what would not fit their context. */
  readonly maxTokens?: number | undefined
  /** Whether the server takes "none" for a reasoning effort; some refuse a request with a value that they don't know. */
  readonly effortNone?: boolean
}

/**
 * Translates a request. It always streams and always asks for usage: the answer's translation folds, and the
 * server's own count is the only exact one. `max_tokens` is used rather than `max_completion_tokens`, which older
 * servers do not know; `top_k` is no parameter of OpenAI's, but llama.cpp and vLLM take it and Ollama ignores it.
 * A model that can think is asked not to, in both ways that servers have: by the template's switch (llama.cpp, vLLM) and
 * by the effort (Ollama).
 * @throws {RouterError} `unsupported` if the request holds tools or anything that is not text
 */
export function toChatCompletionRequest(
  request: MessagesRequest,
  options: ServerRequestOptions,
): ChatCompletionRequestBody {
  if (request.tools && request.tools.length > 0)
    throw new RouterError('unsupported', 'tools: the local model server is asked for text only')
  for (const [at, message] of request.messages.entries())
    if (!isTextOnly(message.content))
      throw new RouterError('unsupported', `messages.${at}.content: the local model server reads text only`)
  const stops = request.stop_sequences ?? []
  return {
    model: options.model,
    messages: toServerMessages(request),
    max_tokens: Math.min(request.max_tokens, options.maxTokens ?? request.max_tokens),
    stream: true,
    stream_options: { include_usage: true },
    ...(stops.length > 0 ? { stop: stops } : {}),
    ...(typeof request.temperature === 'number' ? { temperature: request.temperature } : {}),
    ...(typeof request.top_p === 'number' ? { top_p: request.top_p } : {}),
    ...(typeof request.top_k === 'number' ? { top_k: request.top_k } : {}),
    ...(options.logprobs ? { logprobs: true } : {}),
    chat_template_kwargs: { enable_thinking: false },
    ...(options.effortNone ? { reasoning_effort: 'none' } : {}),
  }
}

/**
 * The Messages API reads neighbouring messages of one role as one turn and takes system messages between turns; many
 * chat templates refuse both. So neighbours are joined, and all system texts stand first, as our container reads them.
 */
function toServerMessages(request: MessagesRequest): ServerMessage[] {
  const system = [textOf(request.system)]
  const turns: ServerMessage[] = []
  for (const { role, content } of request.messages) {
    const text = textOf(content)
    const last = turns.at(-1)
    if (role === 'system') system.push(text)
    else if (last?.role === role) turns[turns.length - 1] = { role, content: `${last.content}\n\n${text}` }
    else turns.push({ role, content: text })
  }
  const joined = system.filter((text) => text.trim() !== '').join('\n\n')
  return joined === '' ? turns : [{ role: 'system', content: joined }, ...turns]
}
