/**
 * What becomes of parameters that have no counterpart in a Messages request: ignored or refused, and why. Each of
 * OpenAI's formats has its own table; what they share stands here.
 */
import { RouterError } from '../../shared/errors.ts'

export type Treatment = {
  /** `ignored`: the answer is as good without it. `refused`: without it the client would get another answer. */
  readonly treatment: 'ignored' | 'refused'
  /** Says whether this value asks for nothing, so that it is neither reported nor refused. */
  readonly asksForNothing?: (value: unknown) => boolean
  readonly why: string
  /** For refusals: what to change. */
  readonly advice?: string
}

export type Treatments = Readonly<Record<string, Treatment>>

export const SHARED_TREATMENTS: Treatments = {
  prompt_cache_key: { treatment: 'ignored', why: 'a hint for caching; no effect on the answer' },
  prompt_cache_retention: { treatment: 'ignored', why: 'a hint for caching; no effect on the answer' },
  service_tier: {
    treatment: 'ignored',
    asksForNothing: (value) => value === 'auto' || value === 'default',
    why: 'the tiers of the two APIs are different products; none of them changes the answer',
  },
}

/**
 * Checks a request for parameters that would change the answer if they were dropped.
 * @returns the names of parameters that ask for something and are ignored, in the table's order
 * @throws {RouterError} `invalid_request` for the first one that cannot be ignored; the message names it
 */
export function checkTreatments(
  treatments: Treatments,
  request: Readonly<Record<string, unknown>>,
): string[] {
  const ignored: string[] = []
  for (const [parameter, { treatment, asksForNothing, advice }] of Object.entries(treatments)) {
    const value = request[parameter]
    if (value === undefined || value === null || asksForNothing?.(value)) continue
    if (treatment === 'refused')
      throw new RouterError('invalid_request', `${parameter}: ${advice ?? 'is not supported.'}`)
    ignored.push(parameter)
  }
  return ignored
}

/** Says whether the value is a JSON object. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
