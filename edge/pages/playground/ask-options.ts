/**
 * What a visitor may set for a request, and the request that it becomes: body and headers as they are sent, and as the
 * snippets show them. Sends nothing.
 */
import type { Strategy } from '../../strategy.ts'

export type Side = 'local' | 'claude'

export type AskOptions = {
  readonly model: string
  readonly system: string
  /** Tokens. */
  readonly maxTokens: number
  /** Undefined: the router's own. */
  readonly strategy: Strategy | undefined
  readonly skipCache: boolean
}

export const USUAL_OPTIONS: AskOptions = {
  model: 'auto',
  system: '',
  maxTokens: 512,
  strategy: undefined,
  skipCache: false,
}

export type ChatMessage = { readonly role: 'user' | 'assistant'; readonly content: string }

/** A request to `POST /v1/messages`, without credentials. */
export type AskRequest = {
  readonly body: {
    readonly model: string
    readonly max_tokens: number
    readonly system?: string
    readonly stream: true
    readonly messages: readonly ChatMessage[]
  }
  /** The router's own headers. */
  readonly headers: Readonly<Record<string, string>>
}

/** Returns the request that these options and messages make. @param force the side that has to answer, if one has to */
export function createAskRequest(
  { model, system, maxTokens, strategy, skipCache }: AskOptions,
  messages: readonly ChatMessage[],
  force?: Side,
): AskRequest {
  return {
    body: {
      model: model.trim() || USUAL_OPTIONS.model,
      max_tokens: maxTokens,
      ...(system.trim() === '' ? {} : { system }),
      stream: true,
      messages,
    },
    headers: {
      ...(strategy === undefined ? {} : { 'x-router-strategy': strategy }),
      ...(force === undefined ? {} : { 'x-router-force': force }),
      ...(skipCache ? { 'x-router-cache': 'skip' } : {}),
    },
  }
}
