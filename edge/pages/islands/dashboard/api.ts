/**
 * Calls of the router's API from the dashboard: the session's cookie goes with them, every answer is checked, every
 * error becomes a sentence.
 */
import * as z from 'zod/mini'
import { DASHBOARD_HEADER } from '../../../middleware/same-origin.ts'

/** An answer that is none, in words for the person who asked. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  /** Whether a log-in would help. */
  readonly needsLogIn: boolean

  constructor(message: string, status?: number) {
    super(message)
    this.needsLogIn = status === 401 || status === 403
  }
}

const errorSchema = z.object({ error: z.object({ message: z.string() }) })

/** Returns what an endpoint answers to GET. @throws {ApiProblem} */
export function readApi<T>(path: string, schema: z.ZodMiniType<T>): Promise<T> {
  return callApi('GET', path, undefined, schema)
}

/** Sends a change, with a JSON body where there is one. @throws {ApiProblem} */
export async function callApi<T>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body: unknown,
  schema: z.ZodMiniType<T>,
): Promise<T> {
  const headers: Record<string, string> = { [DASHBOARD_HEADER]: '1' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiProblem('The router cannot be reached. Check the connection and try again.')
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw new ApiProblem(problemOf(answer, response.status), response.status)
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new ApiProblem('The router answered in a form that this page does not know. Reload the page.')
}

function problemOf(answer: unknown, status: number): string {
  if (status === 401) return 'The session is over, or there is none.'
  const parsed = errorSchema.safeParse(answer)
  return parsed.success ? parsed.data.error.message : `The router answered with status ${status}.`
}
