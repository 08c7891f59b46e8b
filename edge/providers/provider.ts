/**
 * What a provider of answers offers. `open` resolves once there is content worth sending, so that every failure
 * before that leaves another target free to answer.
 */
import { RouterError } from '../../shared/errors.ts'
import type { StreamEvent } from '../../shared/events.ts'
import type { Message } from '../../shared/messages.ts'
import type { FailedAttempt } from '../fallback/failure.ts'
import type { CachedPrompt } from '../prompt-cache/prompt-cache.ts'
import type { RouterRequest } from '../request.ts'
import type { ProviderName, Target } from '../target.ts'

/** A piece of a stream: the bytes for a Messages client, and what they mean. Either may be empty. */
export type AnswerChunk = { readonly bytes: Uint8Array; readonly events: readonly StreamEvent[] }

/** A non-streaming answer; `message` is undefined for an upstream's own error, which is passed on as it is. */
export type NonStreamingBody = {
  readonly kind: 'non_streaming'
  readonly bytes: Uint8Array
  readonly message: Message | undefined
  /** What the message was made of, where the request wants log-probabilities. */
  readonly events?: readonly StreamEvent[]
}
/** A stream. It throws a RouterError if it breaks; returning early from it closes the upstream. */
export type StreamBody = {
  readonly kind: 'stream'
  readonly chunks: AsyncIterable<AnswerChunk>
  /** What the upstream had told when the stream was opened, which the first chunks say again; for streams nobody reads. */
  readonly begun?: Message | undefined
}

export type Answer = {
  readonly target: Target
  readonly status: number
  /** Upstream headers that clients may see. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: NonStreamingBody | StreamBody
  /** What was decided about Claude's prompt cache, for whoever learns how the answer ends; absent from other providers. */
  readonly cachedPrompt?: Pick<CachedPrompt, 'facts' | 'settle'> | undefined
}

export type Provider = {
  readonly name: ProviderName
  /**
   * Asks for an answer, as a stream if and only if the request wants one.
   * @throws {RouterError} with `tryNextTarget` where another target may answer
   */
  readonly open: (request: RouterRequest, target: Target, context: AttemptContext) => Promise<Answer>
}

export type AttemptContext = {
  /** The request was meant for another target first, so what that one accepted must not fail here. */
  readonly isFallback: boolean
  /** No other target is left, so that giving up early would help nobody. */
  readonly isLast: boolean
  /** Called before each upstream request. */
  readonly onAttempt: () => void
  /** Called with the score of a judge that looked at the request, whether an answer follows or not. */
  readonly onJudged: (score: number) => void
  /** Called with how probable a model found it that it would only guess, whether an answer follows or not. */
  readonly onWeighed: (score: number) => void
  /** Called with how surely wrong a server found its model's answer, whether the answer follows or not. */
  readonly onVerified: (score: number) => void
  /**
   * Called after each upstream request that gave no answer, where such a request can cost something: also where the
   * provider asks again and is answered.
   */
  readonly onFailedAttempt: (failed: Omit<FailedAttempt, 'provider'>) => void
  /** Called when there is content, which of a whole answer is long before it is open; absent: nobody wants to know. */
  readonly onContent?: (() => void) | undefined
}

export type Fetch = (input: string, init: RequestInit) => Promise<Response>

/** Sends a request; a connection that fails becomes `unavailable`, with nothing of the runtime's text in it. */
export async function fetchOrUnavailable(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  who: string,
): Promise<Response> {
  try {
    // Redirects are never followed: addresses come from the operator's settings only.
    return await fetch(url, { ...init, redirect: 'manual' })
  } catch (cause) {
    if (init.signal?.aborted) throw init.signal.reason
    throw new RouterError('unavailable', `${who} cannot be reached.`, { cause })
  }
}

/** Closes a response nobody reads: an open body would hold one of the few connections of a Worker's request. */
export function discardBody(response: Response): void {
  response.body?.cancel().catch(() => {})
}

/**
 * Reads the next bytes of an upstream's answer.
 * @param who names the upstream in the error
 * @throws {RouterError} `upstream` if the connection breaks
 */
export async function readChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  who: string,
): Promise<Awaited<ReturnType<typeof reader.read>>> {
  try {
    return await reader.read()
  } catch (cause) {
    throw brokenConnection(who, cause)
  }
}

/** Returns the error of a connection that broke off. @param who names the upstream */
export function brokenConnection(who: string, cause: unknown): RouterError {
  return new RouterError('upstream', `The connection to ${who} broke while it was answering.`, { cause })
}
