/**
 * Makes the edge's request out of a program's call. The body counts as a translation, so that whatever model answers
 * gets only parameters that it takes. Does not send anything.
 */
import { namedUser } from '../edge/ledger/end-user.ts'
import type { RouterRequest, WaitUntil } from '../edge/request.ts'
import type { Strategy } from '../edge/strategy.ts'
import { RouterError } from '../shared/errors.ts'
import { type ContentBlock, parseMessagesRequest } from '../shared/messages.ts'
import { checkOptions, type GenerateOptions, type LLMMessage } from './options.ts'

export type Call = {
  readonly messages: readonly LLMMessage[]
  readonly options: GenerateOptions
  readonly stream: boolean
  /** In force where the options name none. */
  readonly strategy: Strategy
  readonly id: string
  /** Aborted when nobody wants the answer any more, beside the options' own signal. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly waitUntil: WaitUntil
}

const DEFAULT_MAX_TOKENS = 1_024

/**
 * Returns the request for the gateway.
 * @throws {RouterError} `invalid_request` that says what to change
 */
export function createRequest({
  messages,
  options,
  stream,
  strategy,
  id,
  signal,
  startedAt,
  waitUntil,
}: Call): RouterRequest {
  const given = checkOptions(options)
  const { leading, rest } = splitSystem(messages)
  const body = withoutUndefined({
    ...given.extraBody,
    model: given.model ?? 'auto',
    max_tokens: given.maxTokens ?? DEFAULT_MAX_TOKENS,
    system: joinSystem([...(given.system === undefined ? [] : [given.system]), ...leading]),
    messages: rest,
    temperature: given.temperature,
    top_p: given.topP,
    top_k: given.topK,
    stop_sequences: given.stopSequences,
    tools: given.tools,
    tool_choice: given.toolChoice,
    thinking: given.thinking,
    metadata: given.metadata,
    stream,
  })
  const text = toJson(body)
  return {
    id,
    tenant: { id: 'library', admin: false, forbid: [] },
    surface: 'library',
    user: namedUser(body),
    body: new TextEncoder().encode(text),
    text,
    view: parseMessagesRequest(JSON.parse(text)),
    query: '',
    apiHeaders: given.betas?.length ? { 'anthropic-beta': given.betas.join(',') } : {},
    passHeaders: {},
    header: () => undefined,
    clientCredential: undefined,
    controls: {
      force: given.force,
      strategy: given.strategy ?? strategy,
      cache: given.cache ?? 'use',
      privacyLocal: given.privacy === 'local',
    },
    translated: true,
    logprobs: false,
    structured: false,
    unlimited: false,
    cutAt: [],
    agentSession: false,
    signal: given.signal === undefined ? signal : AbortSignal.any([given.signal, signal]),
    startedAt,
    waitUntil,
  }
}

/** System messages further down stay where they are: the API knows them, and older models get them moved. */
function splitSystem(messages: readonly LLMMessage[]): {
  readonly leading: readonly LLMMessage['content'][]
  readonly rest: readonly LLMMessage[]
} {
  if (!Array.isArray(messages))
    throw new RouterError('invalid_request', 'messages: must be an array of messages')
  const first = messages.findIndex((message) => message?.role !== 'system')
  const count = first === -1 ? messages.length : first
  return { leading: messages.slice(0, count).map(({ content }) => content), rest: messages.slice(count) }
}

function joinSystem(parts: readonly LLMMessage['content'][]): string | readonly ContentBlock[] | undefined {
  const said = parts.filter((part) => typeof part !== 'string' || part.trim() !== '')
  if (said.length <= 1) return said[0]
  const texts = said.filter((part) => typeof part === 'string')
  if (texts.length === said.length) return texts.join('\n\n')
  return said.flatMap((part) => (typeof part === 'string' ? [{ type: 'text', text: part }] : part))
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function toJson(body: unknown): string {
  try {
    return JSON.stringify(body)
  } catch (cause) {
    throw new RouterError(
      'invalid_request',
      'The request holds something that JSON cannot (a cycle, a BigInt).',
      {
        cause,
      },
    )
  }
}
