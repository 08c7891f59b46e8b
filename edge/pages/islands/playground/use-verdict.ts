/**
 * Asks the router what it would do with what is being written: a moment after the last key, and never for what is
 * outdated.
 */
import { useEffect, useState } from 'hono/jsx/dom'
import type { AnswerError } from '../../playground/answer-events.ts'
import type { AskRequest } from '../../playground/ask-options.ts'
import type { Explanation, RouterClient } from '../../playground/router-client.ts'

export type Verdict = {
  readonly explanation: Explanation | undefined
  readonly error: AnswerError | undefined
}

/** Pause after the last key, ms. */
const PAUSE_MS = 200

const NONE: Verdict = { explanation: undefined, error: undefined }

/**
 * Returns the latest verdict; it stays while nothing is written.
 * @param request what would be sent, undefined where nothing is written
 * @param again a change of it asks anew, as a new key does
 */
export function useVerdict(client: RouterClient, request: AskRequest | undefined, again: string): Verdict {
  const [verdict, setVerdict] = useState<Verdict>(NONE)
  const wanted = request === undefined ? '' : JSON.stringify(request)
  useEffect(() => {
    if (request === undefined) return
    const controller = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const told = await client.explain(request, controller.signal)
        if (controller.signal.aborted) return
        setVerdict(
          told.ok
            ? { explanation: told.value, error: undefined }
            : { explanation: undefined, error: told.error },
        )
      } catch {
        // Outdated, or not reachable, which the answer will say as well.
      }
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [wanted, again])
  return verdict
}
