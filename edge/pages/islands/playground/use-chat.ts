/**
 * Sends what is asked and keeps the conversation. What a conversation is stands in `edge/pages/playground`.
 */
import { useCallback, useReducer, useRef } from 'hono/jsx/dom'
import { type AskOptions, createAskRequest, type Side } from '../../playground/ask-options.ts'
import { afterwards, isOpen, messagesFor, type Turn } from '../../playground/conversation.ts'
import type { RouterClient } from '../../playground/router-client.ts'

export type Chat = {
  readonly turns: readonly Turn[]
  readonly running: boolean
  /** Asks something new, or the question of `turn` again, of this side. */
  readonly ask: (text: string, options: AskOptions, turn?: Turn, force?: Side) => void
  readonly stop: () => void
  readonly clear: () => void
}

/** The receipt is written after the answer: it is asked for after these pauses, ms, until it is there. */
const RECEIPT_PAUSES_MS = [150, 600, 2_000]

/** Returns the conversation and what can be done to it. @param onUnauthorized called where the router wants a key */
export function useChat(client: RouterClient, onUnauthorized: () => void): Chat {
  const [turns, happen] = useReducer(afterwards, [])
  const lastId = useRef(0)
  const open = useRef(new Map<number, AbortController>())
  const nextId = () => {
    lastId.current = (lastId.current ?? 0) + 1
    return lastId.current
  }

  const run = async (answer: number, request: Parameters<RouterClient['ask']>[0]) => {
    const controller = new AbortController()
    open.current?.set(answer, controller)
    const startedAt = performance.now()
    const since = () => performance.now() - startedAt
    let requestId: string | undefined
    try {
      for await (const event of client.ask(request, controller.signal)) {
        if (event.kind === 'opened') requestId = event.facts.requestId
        if (event.kind === 'failed' && event.error.status === 401) onUnauthorized()
        happen({ kind: 'event', answer, event, at: since() })
      }
    } catch {
      if (controller.signal.aborted) happen({ kind: 'stopped', answer, at: since() })
      else happen({ kind: 'event', answer, event: { kind: 'failed', error: UNREACHABLE }, at: since() })
    } finally {
      open.current?.delete(answer)
    }
    if (requestId !== undefined) await fetchReceipt(answer, requestId)
  }

  const fetchReceipt = async (answer: number, requestId: string) => {
    for (const pause of RECEIPT_PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause))
      const told = await client.receipt(requestId, new AbortController().signal).catch(() => undefined)
      if (told?.ok === true) return happen({ kind: 'receipt', answer, receipt: told.value })
      if (told !== undefined && told.error.status !== 404) return
    }
  }

  const ask: Chat['ask'] = (text, options, turn, force) => {
    const id = turn?.id ?? nextId()
    const answer = nextId()
    const request = createAskRequest(options, messagesFor(turns, id, text), force)
    happen({ kind: 'asked', turn: id, answer, text, request, force })
    void run(answer, request)
  }
  const stop = useCallback(() => {
    for (const controller of open.current?.values() ?? []) controller.abort()
  }, [])
  const clear = useCallback(() => {
    stop()
    happen({ kind: 'cleared' })
  }, [])
  return { turns, running: turns.some(({ answers }) => answers.some(isOpen)), ask, stop, clear }
}

const UNREACHABLE = {
  type: 'connection',
  message: 'The router could not be reached, or the connection broke. Is it still running?',
}
