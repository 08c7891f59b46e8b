/**
 * Waits until the edge answers and the container's model is loaded, by asking over HTTP.
 * Says nothing by itself: welcome.ts words what was found.
 */
import * as z from 'zod/mini'

export type ReadinessDeps = {
  readonly fetch: typeof fetch
  /** Waits; settles early where `signal` is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

const ASK_EVERY_MS = 200
const ASK_TIMEOUT_MS = 2_000

const containerSchema = z.looseObject({ model: z.optional(z.string()) })

/**
 * Settles with true when `url` answers at all, false when the signal was aborted before.
 * @param url an endpoint of the edge; every status counts, an edge with a wrong setting answers 503
 */
export async function waitForAnswer(url: string, deps: ReadinessDeps): Promise<boolean> {
  while (!deps.signal.aborted) {
    if ((await ask(url, deps)) !== undefined) return true
    await deps.pause(ASK_EVERY_MS, deps.signal)
  }
  return false
}

/**
 * Settles when the container reports itself ready.
 * @param url the container's readiness endpoint
 * @returns the model's name, an empty string where the container tells none, or undefined where the signal was aborted
 */
export async function waitForModel(url: string, deps: ReadinessDeps): Promise<string | undefined> {
  while (!deps.signal.aborted) {
    const response = await ask(url, deps)
    if (response?.status === 200) return modelOf(response.body)
    await deps.pause(ASK_EVERY_MS, deps.signal)
  }
  return undefined
}

async function ask(url: string, deps: ReadinessDeps): Promise<{ status: number; body: string } | undefined> {
  const signal = AbortSignal.any([deps.signal, AbortSignal.timeout(ASK_TIMEOUT_MS)])
  try {
    const response = await deps.fetch(url, { signal })
    return { status: response.status, body: await response.text() }
  } catch {
    return undefined
  }
}

function modelOf(body: string): string {
  try {
    const parsed = containerSchema.safeParse(JSON.parse(body))
    return parsed.success ? (parsed.data.model ?? '') : ''
  } catch {
    return ''
  }
}
