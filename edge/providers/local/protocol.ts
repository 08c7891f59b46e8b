/**
 * The two dialects that a local model's server may speak, behind one interface: ours (and any other server of the
 * Messages API), or OpenAI's chat completions. Knows the wire; not health, not deadlines.
 */
import type { StreamEvent } from '../../../shared/events.ts'
import type { MessagesRequest } from '../../../shared/messages.ts'
import type { SseFrame } from '../../../shared/sse.ts'
import type { LocalModel } from './readiness.ts'

export type LocalProtocol = {
  /** Path of the endpoint that answers, below the server's address. */
  readonly path: string
  /** Where the server may say that it is ready and which model it has, most telling first. */
  readonly readinessPaths: readonly string[]
  readonly headers: (secret: string | undefined) => Record<string, string>
  /**
   * The request's body: its text alone, always asking for a stream (a non-streaming answer is its fold) and for no
   * thinking.
   * @throws {RouterError} `unsupported` if the server could not answer what it holds
   */
  readonly body: (request: MessagesRequest, options: BodyOptions) => unknown
  /** Returns a translator of one answer's frames into events. */
  readonly createReader: (model: string, requestId: string) => LocalReader
}

export type BodyOptions = {
  /** The name under which the server is asked for its model. */
  readonly model: string
  readonly logprobs: boolean
  /** What is known of the server; undefined before it has said anything. */
  readonly server: LocalModel | undefined
}

export type LocalReader = {
  /** @throws {RouterError} `upstream` for a frame that makes no sense */
  readonly push: (frame: SseFrame) => readonly StreamEvent[]
  /** Events that are due when the stream has ended. @throws {RouterError} `upstream` if it ended too early */
  readonly end: () => readonly StreamEvent[]
}
