/**
 * One question over HTTP with a short deadline, for commands that look whether something answers. Judges no answer.
 */

import type * as z from 'zod/mini'

/** What came back. */
export type Answer = { readonly status: number; readonly body: string }

/** Asks an address; undefined where nothing answers in time. Never throws. */
export type Ask = (url: string, request?: AskRequest) => Promise<Answer | undefined>

export type AskRequest = {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as the body of a POST; without it the request is a GET. */
  readonly json?: unknown
}

/** Returns a way to ask. @param timeoutMs for the whole answer, body included, ms */
export function createAsk(fetch: typeof globalThis.fetch, timeoutMs: number): Ask {
  return async (url, { headers = {}, json } = {}) => {
    try {
      const response = await fetch(url, {
        ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
        headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        // A key is for the address that was set, not for wherever that one points to.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      return { status: response.status, body: await response.text() }
    } catch {
      return undefined
    }
  }
}

/** Returns an answer's JSON, or undefined where it is not of that shape. */
export function readAnswer<T extends z.ZodMiniType>({ body }: Answer, schema: T): z.infer<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}
