/**
 * One request as the gateway sees it: checked, but with the bytes kept as they came. Made by `http/read-request.ts`
 * (or by the library), never changed afterwards.
 */
import type { MessagesRequest } from '../shared/messages.ts'
import type { Strategy } from './strategy.ts'
import type { ProviderName } from './target.ts'
import type { Tenant } from './tenants.ts'

/** Keeps work alive after the response, where the platform needs to be told. */
export type WaitUntil = (work: Promise<unknown>) => void

/** What the cache may do for this request. */
export type CacheMode = 'use' | 'skip' | 'refresh'

export type Controls = {
  readonly force: ProviderName | undefined
  readonly strategy: Strategy | undefined
  readonly cache: CacheMode
  /** Never to Claude. */
  readonly privacyLocal: boolean
}

/** A credential as the client sent it, for operators whose clients bring their own Claude key. */
export type ClientCredential = { readonly header: 'x-api-key' | 'authorization'; readonly value: string }

/** The API that a request came by. */
export const API_SURFACES = ['messages', 'chat_completions', 'responses', 'batches', 'library'] as const
export type ApiSurface = (typeof API_SURFACES)[number]

export type RouterRequest = {
  readonly id: string
  readonly tenant: Tenant
  readonly surface: ApiSurface
  /** The end user as the client named it, hashed where the operator wants that; undefined where it named none. */
  readonly user: string | undefined
  /** The body as received. */
  readonly body: Uint8Array
  /** The same, decoded. */
  readonly text: string
  readonly view: MessagesRequest
  /** The query string with its question mark, or an empty text. */
  readonly query: string
  /** The `anthropic-*` headers: Claude gets them unchanged, and answers depend on them. */
  readonly apiHeaders: Readonly<Record<string, string>>
  /** Other headers that Claude gets unchanged and that no answer depends on, such as traceparent. */
  readonly passHeaders: Readonly<Record<string, string>>
  /** A header as the client sent it, by its name in lower case; read only where somebody asks. */
  readonly header: (name: string) => string | undefined
  readonly clientCredential: ClientCredential | undefined
  readonly controls: Controls
  /** The body is the router's translation from another API, not the client's own bytes. */
  readonly translated: boolean
  /** Log-probabilities are wanted, which only the local model gives. */
  readonly logprobs: boolean
  /** The answer must be JSON, which a small model does not promise. */
  readonly structured: boolean
  /** The client set no limit of tokens: Claude gets its model's own, and `max_tokens` is for a local server. */
  readonly unlimited: boolean
  /** Texts at which the router itself ends the answer, because no model takes them as stop sequences. */
  readonly cutAt: readonly string[]
  /** The request belongs to an agent's session, whose side requests stay together unless the operator allows. */
  readonly agentSession: boolean
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly waitUntil: WaitUntil
}

/** Whether the client asked for a stream. */
export function wantsStream(request: RouterRequest): boolean {
  return request.view.stream === true
}
