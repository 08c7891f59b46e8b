/**
 * What stand-ins for the container and for Claude say when all is well: streams and whole answers of the Messages
 * API, as text, and the scripts that send them. The broken ones are put together by the tests.
 */
import type { Script, Step } from './upstream.ts'
import { chunk, complete, head, respond } from './upstream-steps.ts'

export const LOCAL_MODEL_NAME = 'stand-in-135m'
export const CLAUDE_REQUEST_ID = 'req_claude_1'
/** What the operator's key is in these tests; it must appear nowhere but in Claude's request. */
export const CLAUDE_KEY = 'sk-ant-canary-0123456789'
export const LOCAL_SECRET = 'local-canary-0123456789'

export type AnswerText = {
  readonly model: string
  readonly pieces: readonly string[]
  /** Tokens of the prompt that went into the prompt cache. */
  readonly cacheWritten?: number
}

export const LOCAL_ANSWER: AnswerText = { model: LOCAL_MODEL_NAME, pieces: ['Hello', ' from', ' local.'] }
export const CLAUDE_ANSWER: AnswerText = { model: 'claude-haiku-5-5', pieces: ['Greetings', ' from Claude.'] }

/** One event in Anthropic's framing. */
export function frame(event: Readonly<{ type: string }> & Readonly<Record<string, unknown>>): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

/** A piece of text. */
export function textFrame(text: string): string {
  return frame({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
}

/** The frames of a whole stream, one for each event. */
export function streamFrames({ model, pieces, cacheWritten = 0 }: AnswerText): string[] {
  const usage = {
    input_tokens: 9,
    cache_creation_input_tokens: cacheWritten,
    cache_read_input_tokens: 0,
    output_tokens: 1,
  }
  return [
    frame({ type: 'message_start', message: { ...emptyMessage(model), usage } }),
    frame({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...pieces.map(textFrame),
    frame({ type: 'content_block_stop', index: 0 }),
    frame({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { ...usage, output_tokens: pieces.length },
    }),
    frame({ type: 'message_stop' }),
  ]
}

/** The frames up to and including the first `pieces` deltas. */
export function framesUntilText(answer: AnswerText, pieces: number): string {
  return streamFrames(answer)
    .slice(0, 2 + pieces)
    .join('')
}

/** The body of a whole answer, with a field and a spacing that no serialiser of ours would make. */
export function nonStreamingBody({ model, pieces }: AnswerText): string {
  const message = {
    ...emptyMessage(model),
    content: [{ type: 'text', text: pieces.join('') }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 9, output_tokens: pieces.length },
  }
  return `${JSON.stringify(message).slice(0, -1)},  "future_field": {"n": 1.0}}\n`
}

/** The head of an event stream. */
export const streamHead: Step = head(200, {
  'content-type': 'text/event-stream; charset=utf-8',
  'transfer-encoding': 'chunked',
  'request-id': CLAUDE_REQUEST_ID,
})

/** A stream, one chunk for each frame, ended properly. */
export function stream(frames: readonly string[]): Script {
  return [streamHead, ...frames.map((text) => chunk(text)), complete]
}

/** Answers as a healthy container does: always as a stream, because the edge always asks for one. */
export const localAnswers: Script = stream(streamFrames(LOCAL_ANSWER))

/** Says which model the container has. */
export const localIsReady: Script = respond(
  200,
  JSON.stringify({ status: 'ready', model: LOCAL_MODEL_NAME, maxInputTokens: 1024 }),
)

/** Answers as Claude does: in the form that the request asks for. */
export const claudeAnswers: Script = [
  async (exchange) => {
    const wantsStream = /"stream":\s*true/.test(exchange.hit.body.toString())
    const script = wantsStream
      ? stream(streamFrames(CLAUDE_ANSWER))
      : respond(200, nonStreamingBody(CLAUDE_ANSWER), claudeHeaders)
    for (const step of script) await step(exchange)
  },
]

export const claudeHeaders = { 'content-type': 'application/json', 'request-id': CLAUDE_REQUEST_ID }

/** A refusal of Claude's, in its own words. */
export function claudeRefuses(
  status: number,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return respond(status, claudeError(type), { ...claudeHeaders, ...headers })
}

export function claudeError(type: string): string {
  return JSON.stringify({ type: 'error', error: { type, message: `Claude says ${type}` } })
}

function emptyMessage(model: string) {
  return {
    id: 'msg_01',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  }
}
