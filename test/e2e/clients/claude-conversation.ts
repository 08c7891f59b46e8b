/**
 * A Claude that holds a conversation: calls a tool where one is offered and asked for, reads its result, counts
 * tokens and lists models. What it says is fixed, so that clients' readings of it can be compared.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Message } from '../../../shared/messages.ts'
import { framesOf, message } from '../../support/edge/messages.ts'
import {
  type Exchange,
  type Script,
  type Step,
  startUpstream,
  type Upstream,
} from '../../support/upstream.ts'
import { CLAUDE_REQUEST_ID, claudeHeaders, frame, stream } from '../../support/upstream-messages.ts'
import { chunk, respond } from '../../support/upstream-steps.ts'

export const CLAUDE_SAYS = 'Greetings from Claude.'
export const CLAUDE_MODEL = 'claude-sonnet-5-5'
export const AFTER_TOOL = 'The tool said: '
export const CLAUDE_USAGE = {
  input_tokens: 21,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 5,
}
export const COUNTED_TOKENS = 4_242
const PING_EVERY_MS = 50
export const PING = frame({ type: 'ping' })

export type ToolCall = { readonly name: string; readonly input: Readonly<Record<string, unknown>> }
type Asked = {
  readonly stream?: unknown
  readonly tools?: readonly unknown[]
  readonly messages: readonly { readonly role: string; readonly content: unknown }[]
}

/**
 * Starts it.
 * @param toolCall what it calls where a request offers tools and `text`, all of its last user turn, asks for it
 */
export async function startClaude(toolCall: (text: string) => ToolCall | undefined): Promise<Upstream> {
  const converse = async (exchange: Exchange) => {
    const asked: Asked = JSON.parse(exchange.hit.body.toString())
    const reply = answerTo(asked, toolCall)
    await play(asked.stream === true ? claudeStreams(reply) : claudeSays(reply), exchange)
  }
  return startUpstream({ usual: [converse], other: [answerOther] })
}

/** A whole answer. */
export function claudeSays(reply: Message): Script {
  return respond(200, JSON.stringify(reply), claudeHeaders)
}

/** The answer as a stream with a ping in it, as Claude's own are. */
export function claudeStreams(reply: Message): Script {
  const frames = framesOf(reply)
  return stream([...frames.slice(0, 1), PING, ...frames.slice(1)])
}

/** Sends pings, as Claude does while it thinks, until the other side closes the connection. */
export const pingUntilClosed: Step = async (exchange) => {
  while (!exchange.socket.destroyed) {
    await chunk(PING)(exchange)
    await Promise.race([exchange.hit.closed, delay(PING_EVERY_MS)])
  }
}

/** An error in Claude's own words. */
export function claudeFails(
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  const body = { type: 'error', error: { type, message: text }, request_id: CLAUDE_REQUEST_ID }
  return respond(status, JSON.stringify(body), { ...claudeHeaders, ...headers })
}

/** Its answer in words. */
export function spoken(text: string, overrides: Partial<Message> = {}): Message {
  return message(text, { model: CLAUDE_MODEL, usage: CLAUDE_USAGE, ...overrides })
}

function answerTo(asked: Asked, toolCall: (text: string) => ToolCall | undefined): Message {
  const last = asked.messages.findLast(({ role }) => role === 'user')
  const blocks = Array.isArray(last?.content) ? last.content : []
  const result = blocks.find((block) => block?.type === 'tool_result')
  if (result !== undefined) return spoken(`${AFTER_TOOL}${textIn(result.content)}`)
  const called = asked.tools?.length ? toolCall(JSON.stringify(last?.content)) : undefined
  if (called === undefined) return spoken(CLAUDE_SAYS)
  return spoken('', {
    content: [{ type: 'tool_use', id: 'toolu_01', ...called }],
    stop_reason: 'tool_use',
  })
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((block) => String(block?.text ?? '')).join('') : ''
}

async function answerOther(exchange: Exchange): Promise<void> {
  const path = exchange.hit.path.split('?')[0]
  if (path === '/v1/messages/count_tokens')
    return play(respond(200, `{"input_tokens": ${COUNTED_TOKENS}}`, claudeHeaders), exchange)
  if (path === '/v1/models') {
    const item = {
      type: 'model',
      id: CLAUDE_MODEL,
      display_name: 'Sonnet',
      created_at: '2026-09-01T00:00:00Z',
    }
    const list = { data: [item], has_more: false, first_id: item.id, last_id: item.id }
    return play(respond(200, JSON.stringify(list), claudeHeaders), exchange)
  }
  return play(claudeFails(404, 'not_found_error', 'Not found'), exchange)
}

async function play(script: Script, exchange: Exchange): Promise<void> {
  for (const step of script) await step(exchange)
}
