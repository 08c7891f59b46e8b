/**
 * What the router says of itself, asked until the local model is there or clearly not.
 */
import { useEffect, useState } from 'hono/jsx/dom'
import type { RouterClient, RouterStatus, Told } from '../../playground/router-client.ts'

/** While a model is loading, ms. */
const ASK_AGAIN_MS = 3_000

/** Returns the latest status, undefined before the first. @param again a change of it asks anew */
export function useStatus(client: RouterClient, again: string): Told<RouterStatus> | undefined {
  const [status, setStatus] = useState<Told<RouterStatus> | undefined>(undefined)
  useEffect(() => {
    const controller = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async () => {
      const told = await client.status(controller.signal).catch(() => undefined)
      if (controller.signal.aborted) return
      if (told !== undefined) setStatus(told)
      const settled = told?.ok === false || (told?.ok === true && isSettled(told.value))
      if (!settled) timer = setTimeout(look, ASK_AGAIN_MS)
    }
    void look()
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [again])
  return status
}

function isSettled({ local }: RouterStatus): boolean {
  return !local.enabled || local.available
}
