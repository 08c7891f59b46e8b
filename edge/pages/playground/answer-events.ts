/**
 * An answer of `POST /v1/messages` as it comes: who answers, text, tokens, its end or its error. Reads both streams and
 * whole bodies of errors; keeps nothing.
 */
import * as z from 'zod/mini'
import { usageSchema } from '../../../shared/messages.ts'
import { createSseDecoder, type SseFrame } from '../../../shared/sse.ts'

/** What the response's headers say; of an answer that was long in coming some are known from its receipt only. */
export type AnswerFacts = {
  readonly requestId: string | undefined
  readonly route: string | undefined
  readonly model: string | undefined
  readonly reason: string | undefined
  readonly task: string | undefined
  readonly score: number | undefined
  readonly cache: string | undefined
  readonly fallback: string | undefined
}

export type AnswerError = { readonly status?: number; readonly type: string; readonly message: string }

export type AnswerEvent =
  | { readonly kind: 'opened'; readonly facts: AnswerFacts }
  | { readonly kind: 'model'; readonly model: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'usage'; readonly inputTokens?: number; readonly outputTokens?: number }
  | { readonly kind: 'ended'; readonly stopReason: string | undefined }
  | { readonly kind: 'failed'; readonly error: AnswerError }

/** Yields what the response says. Throws what reading it throws: a broken connection, or an abort. */
export async function* readAnswer(response: Response): AsyncGenerator<AnswerEvent> {
  yield { kind: 'opened', facts: readFacts(response.headers) }
  if (!response.ok || response.body === null) {
    yield { kind: 'failed', error: readError(await response.text(), response.status) }
    return
  }
  const decoder = createSseDecoder(MAX_EVENT_CHARACTERS)
  let ended = false
  // Not every browser iterates a stream by itself.
  const reader = response.body.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      for (const frame of decoder.push(part.value))
        for (const event of readFrame(frame)) {
          ended ||= event.kind === 'ended' || event.kind === 'failed'
          yield event
        }
  } finally {
    reader.cancel().catch(() => {})
  }
  if (!ended) yield { kind: 'failed', error: { type: 'connection', message: 'The answer broke off.' } }
}

/** Claude's longest events carry whole blocks. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024

const eventSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message_start'),
    message: z.looseObject({ model: z.string(), usage: z.optional(usageSchema) }),
  }),
  z.looseObject({
    type: z.literal('content_block_delta'),
    delta: z.looseObject({ type: z.string(), text: z.optional(z.string()) }),
  }),
  z.looseObject({
    type: z.literal('message_delta'),
    delta: z.looseObject({ stop_reason: z.nullish(z.string()) }),
    usage: z.optional(usageSchema),
  }),
  z.looseObject({
    type: z.literal('error'),
    error: z.looseObject({ type: z.string(), message: z.string() }),
  }),
])

const errorBodySchema = z.looseObject({
  error: z.looseObject({ type: z.string(), message: z.string() }),
})

function* readFrame({ data }: SseFrame): Generator<AnswerEvent> {
  const parsed = eventSchema.safeParse(parseJson(data))
  // Events that the API adds, and those that say nothing here, such as `ping`.
  if (!parsed.success) return
  const event = parsed.data
  switch (event.type) {
    case 'message_start':
      yield { kind: 'model', model: event.message.model }
      yield usageOf(event.message.usage)
      return
    case 'content_block_delta':
      if (event.delta.type === 'text_delta') yield { kind: 'text', text: event.delta.text ?? '' }
      return
    case 'message_delta':
      yield usageOf(event.usage)
      yield { kind: 'ended', stopReason: event.delta.stop_reason ?? undefined }
      return
    case 'error':
      yield { kind: 'failed', error: { type: event.error.type, message: event.error.message } }
  }
}

function usageOf(usage: z.infer<typeof usageSchema> | undefined): AnswerEvent {
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage ?? {}
  return {
    kind: 'usage',
    ...(typeof input_tokens === 'number'
      ? { inputTokens: input_tokens + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0) }
      : {}),
    ...(typeof output_tokens === 'number' ? { outputTokens: output_tokens } : {}),
  }
}

/** Returns the error of a response: the API's own words, or, of something that is not the API, its status. */
export function readError(body: string, status: number): AnswerError {
  const parsed = errorBodySchema.safeParse(parseJson(body))
  if (!parsed.success)
    return { status, type: 'unknown', message: `The router answered with status ${status}.` }
  const { type, message } = parsed.data.error
  return { status, type, message }
}

function readFacts(headers: Headers): AnswerFacts {
  const read = (name: string) => headers.get(`x-router-${name}`) ?? undefined
  const score = Number.parseFloat(read('score') ?? '')
  return {
    requestId: read('request-id'),
    route: read('route'),
    model: read('model'),
    reason: read('reason'),
    task: read('task'),
    score: Number.isNaN(score) ? undefined : score,
    cache: read('cache'),
    fallback: read('fallback'),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
