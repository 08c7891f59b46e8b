/**
 * One call of a program, from request to reply: waits for a loading model where nobody else can answer, lets the
 * gateway handle the request, turns what comes into a reply or a stream of text. Errors are RouterErrors.
 */

import type { Core } from '../edge/compose.ts'
import type { GatewayResult } from '../edge/gateway.ts'
import type { Receipt } from '../edge/ledger/receipt.ts'
import type { StreamBody } from '../edge/providers/provider.ts'
import type { RouterRequest } from '../edge/request.ts'
import { RouterError } from '../shared/errors.ts'
import { createMessageFold } from '../shared/events.ts'
import { keepAlive } from './keep-alive.ts'
import type { LocalModel } from './local-model.ts'
import { createReply, type Reply, type StreamChunk, streamError, upstreamErrorOf } from './reply.ts'

export type AnsweringOptions = {
  readonly core: Core
  readonly localModel: LocalModel | undefined
  readonly claudeConfigured: boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export type Answering = {
  /** @throws {RouterError} where nobody answers */
  readonly nonStreaming: (request: RouterRequest) => Promise<Reply>
  /** Yields text and, as the last chunk, the reply. @throws {RouterError} where nobody answers or an answer breaks */
  readonly stream: (request: RouterRequest) => AsyncGenerator<StreamChunk, void>
}

/** Returns the two ways to be answered. */
export function createAnswering(options: AnsweringOptions): Answering {
  const { core, now } = options

  const handle = async (request: RouterRequest): Promise<GatewayResult & { readonly error?: undefined }> => {
    await waitForModel(request)
    const result = await core.gateway.handle(request)
    if (result.error !== undefined) throw result.error
    return result
  }

  /** While the model loads Claude answers; where Claude may not or cannot, waiting is better than failing. */
  const waitForModel = async (request: RouterRequest): Promise<void> => {
    const { localModel } = options
    if (localModel === undefined || core.local === undefined || localModel.state() === 'ready') return
    const { decision } = await core.gateway.plan(request)
    if (decision.targets[0]?.provider !== 'local') return
    if (options.claudeConfigured && decision.targets.length > 1) return
    await orAborted(localModel.start(), request.signal)
  }

  const upstreamError = ({ body, status, headers }: GatewayResult): RouterError =>
    body?.kind === 'non_streaming'
      ? upstreamErrorOf(body.bytes, status, headers, now())
      : new RouterError('internal', 'The router gave an answer of another kind than was asked for.')

  async function* streamed(request: RouterRequest): AsyncGenerator<StreamChunk, void> {
    const result = await keepAlive(handle(request))
    if (result.body.kind !== 'stream') throw upstreamError(result)
    const fold = createMessageFold()
    for await (const event of eventsOf(result.body)) {
      if (event.type === 'error') throw streamError(event.error.type)
      fold.add(event)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta' && event.delta.text)
        yield { type: 'text', text: event.delta.text }
      // Some answers begin with text that is part of the block already.
      if (
        event.type === 'content_block_start' &&
        event.content_block.type === 'text' &&
        event.content_block.text
      )
        yield { type: 'text', text: event.content_block.text }
    }
    const message = fold.message()
    if (message === undefined || !fold.finished())
      throw new RouterError('upstream', 'The answer ended before it was complete.')
    yield { type: 'end', ...createReply(message, receiptOf(result)) }
  }

  return {
    async nonStreaming(request) {
      try {
        const result = await keepAlive(handle(request))
        if (result.body.kind !== 'non_streaming' || result.body.message === undefined)
          throw upstreamError(result)
        return createReply(result.body.message, receiptOf(result))
      } catch (error) {
        throw forCaller(error, request)
      }
    },
    async *stream(request) {
      try {
        yield* streamed(request)
      } catch (error) {
        throw forCaller(error, request)
      }
    },
  }
}

function receiptOf({ receipt }: GatewayResult): Receipt {
  const made = receipt()
  if (made !== undefined) return made
  throw new RouterError('internal', 'The router has no record of this answer.')
}

/** Yields the events of a stream, keeping the process alive only while the next one is awaited. */
async function* eventsOf({ chunks }: StreamBody) {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await keepAlive(iterator.next())
      if (done) return
      yield* value.events
    }
  } finally {
    await iterator.return?.()
  }
}

/** The core speaks of clients and connections; a program has aborted a call. */
function forCaller(error: unknown, request: RouterRequest): RouterError {
  const known = RouterError.from(error)
  if (known.code === 'cancelled' || request.signal.aborted)
    return new RouterError('cancelled', 'The request was aborted.', { cause: request.signal.reason ?? known })
  if (known.code === 'internal' && !(error instanceof RouterError))
    return new RouterError('internal', 'Internal error of the router.', { cause: error })
  return known
}

async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(new RouterError('cancelled', 'The request was aborted.'))
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
