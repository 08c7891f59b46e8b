/**
 * Handlers whose code runs when they are first asked for: schemas and pages of endpoints that an isolate may never be asked
 * for are no part of its start. Knows no endpoint.
 */
import type { AppContext } from './context.ts'

export type Handler = (context: AppContext) => Response | Promise<Response>

/** Returns a handler that is made by its first request. @param make loads what makes it */
export function onDemand(make: () => Promise<Handler>): Handler {
  const made = once(make)
  return async (context) => (await made())(context)
}

/** Returns the handlers of a family by name; the family is made by the first request to any of them. */
export function familyOnDemand<Family extends Readonly<Record<keyof Family, Handler>>>(
  make: () => Promise<Family>,
): (name: keyof Family) => Handler {
  const made = once(make)
  return (name) => async (context) => (await made())[name](context)
}

/** No promise is kept: work begun by one request cannot be awaited by another. Whoever is first makes it for all. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: { readonly value: T } | undefined
  return async () => {
    if (made !== undefined) return made.value
    const value = await make()
    made ??= { value }
    return made.value
  }
}
