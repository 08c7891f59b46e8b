/**
 * How servers of OpenAI's API really stream, each with its own habits: where the role, the finish reason and the
 * usage come, what a list of models looks like, what they say while they load.
 */
import type { Script } from '../support/upstream.ts'
import { chunk, complete, head } from '../support/upstream-steps.ts'

export type OpenAiDialect = {
  readonly name: string
  /** The name of its model in /v1/models. */
  readonly model: string
  /** What the operator sets as LOCAL_LLM_MODEL, where the server serves several models. */
  readonly configuredModel?: string
  readonly models: string
  /** The body of its 503 while it loads. */
  readonly loading: string
  /** The data of a stream's frames. */
  readonly answer: (pieces: readonly string[]) => readonly unknown[]
  /** A chunk that tells a thought. */
  readonly thought: unknown
}

const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 }

/** One choice's chunk; `finish` is left out where it is undefined. */
function piece(model: string, delta: Readonly<Record<string, unknown>>, finish?: string | null, more = {}) {
  const choice = { index: 0, delta, ...(finish === undefined ? {} : { finish_reason: finish }) }
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, choices: [choice], ...more }
}

export const OPENAI_DIALECTS: readonly OpenAiDialect[] = [
  {
    name: 'llama.cpp’s server',
    model: '/models/tiny.gguf',
    models: JSON.stringify({
      models: [{ name: '/models/tiny.gguf' }],
      object: 'list',
      data: [{ id: '/models/tiny.gguf', object: 'model', meta: { n_ctx_train: 4096 } }],
    }),
    loading: '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}',
    // A role-only chunk first, usage in a chunk of its own with timings.
    thought: piece('tiny.gguf', { reasoning_content: 'pondering' }, null),
    answer: (pieces) => [
      piece('tiny.gguf', { role: 'assistant', content: null }, null),
      ...pieces.map((content) => piece('tiny.gguf', { content }, null)),
      piece('tiny.gguf', {}, 'stop'),
      { object: 'chat.completion.chunk', choices: [], usage, timings: { predicted_ms: 3.1 } },
    ],
  },
  {
    name: 'Ollama',
    model: 'llama3.2:1b',
    configuredModel: 'qwen3:0.6b',
    models: JSON.stringify({
      object: 'list',
      data: [
        { id: 'llama3.2:1b', object: 'model', owned_by: 'library' },
        { id: 'qwen3:0.6b', object: 'model', owned_by: 'library' },
      ],
    }),
    loading: '{"error":{"message":"server busy, please try again","type":"api_error"}}',
    // The role with every piece, an empty finish reason, usage in a chunk of its own with empty choices.
    thought: piece('qwen3:0.6b', { role: 'assistant', content: '', reasoning: 'pondering' }, ''),
    answer: (pieces) => [
      ...pieces.map((content) => piece('qwen3:0.6b', { role: 'assistant', content }, '')),
      piece('qwen3:0.6b', { role: 'assistant', content: '' }, 'stop'),
      { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'qwen3:0.6b', choices: [], usage },
    ],
  },
  {
    name: 'vLLM',
    model: 'Qwen/Qwen3-0.6B',
    models: JSON.stringify({
      object: 'list',
      data: [{ id: 'Qwen/Qwen3-0.6B', object: 'model', owned_by: 'vllm', max_model_len: 4096 }],
    }),
    loading: '{"object":"error","message":"Engine is starting","type":"ServiceUnavailable","code":503}',
    // Log-probabilities and a stop reason are there and null; usage is null on all but the last.
    thought: piece('Qwen/Qwen3-0.6B', { reasoning_content: 'pondering' }, null, { usage: null }),
    answer: (pieces) => [
      piece('Qwen/Qwen3-0.6B', { role: 'assistant', content: '' }, null, { usage: null }),
      ...pieces.map((content) =>
        piece('Qwen/Qwen3-0.6B', { content, reasoning_content: null }, null, { usage: null }),
      ),
      piece('Qwen/Qwen3-0.6B', { content: '' }, 'stop', { usage: null }),
      { id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [], usage },
    ],
  },
  {
    name: 'a server that counts nothing',
    model: 'small',
    models: '{"object":"list","data":[{"id":"small"}]}',
    loading: 'Service Unavailable',
    thought: piece('small', { content: '<think>pondering</think>\n\n' }),
    answer: (pieces) => [...pieces.map((content) => piece('small', { content })), piece('small', {}, 'stop')],
  },
]

/** The frames as an event stream that ends with [DONE]. */
export function chatStream(data: readonly unknown[]): Script {
  const frames = [...data.map((each) => JSON.stringify(each)), '[DONE]']
  return [
    head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }),
    ...frames.map((text) => chunk(`data: ${text}\n\n`)),
    complete,
  ]
}
