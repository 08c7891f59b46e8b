/**
 * The one table of OpenAI parameters that have no counterpart in a Messages request: which are ignored, which are
 * refused, and why. Does not translate anything; parameters that are not listed here are translated or unknown.
 */
import { RouterError } from '../../shared/errors.ts'

type Treatment = {
  /** `ignored`: the answer is as good without it. `refused`: without it the client would get another answer. */
  readonly treatment: 'ignored' | 'refused'
  /** Says whether this value asks for nothing, so that it is neither reported nor refused. */
  readonly asksForNothing?: (value: unknown) => boolean
  readonly why: string
  /** For refusals: what to change. */
  readonly advice?: string
}

const TREATMENTS: Readonly<Record<string, Treatment>> = {
  n: {
    treatment: 'refused',
    asksForNothing: (value) => value === 1,
    why: 'a Messages answer is one message; fewer choices than asked for would break indexing clients',
    advice: 'must be 1: one choice is returned per request. Send the request several times instead.',
  },
  logit_bias: {
    treatment: 'refused',
    asksForNothing: (value) => isObject(value) && Object.values(value).every((bias) => bias === 0),
    why: 'it can forbid or force words, and token ids differ between models',
    advice: 'is not supported: token ids differ between models. Leave it out and say it in the prompt.',
  },
  modalities: {
    treatment: 'refused',
    asksForNothing: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
    why: 'answers are text',
    advice: 'must be ["text"]: audio output is not supported.',
  },
  audio: {
    treatment: 'refused',
    why: 'answers are text',
    advice: 'is not supported: answers are text. Leave it out.',
  },
  web_search_options: {
    treatment: 'refused',
    why: 'an answer without the search would look like one with it',
    advice: 'is not supported here. Leave it out, or use the Messages endpoint with a web search tool.',
  },
  frequency_penalty: {
    treatment: 'ignored',
    asksForNothing: (value) => value === 0,
    why: 'a preference of style; OpenAI-compatible endpoints of Claude have always ignored it',
  },
  presence_penalty: {
    treatment: 'ignored',
    asksForNothing: (value) => value === 0,
    why: 'a preference of style; OpenAI-compatible endpoints of Claude have always ignored it',
  },
  seed: { treatment: 'ignored', why: 'best effort at OpenAI too; no determinism is promised' },
  verbosity: { treatment: 'ignored', why: 'a preference of length; max_completion_tokens still binds' },
  prediction: { treatment: 'ignored', why: 'speeds up an answer that is the same without it' },
  prompt_cache_key: { treatment: 'ignored', why: 'a hint for caching; no effect on the answer' },
  prompt_cache_retention: { treatment: 'ignored', why: 'a hint for caching; no effect on the answer' },
  service_tier: {
    treatment: 'ignored',
    asksForNothing: (value) => value === 'auto' || value === 'default',
    why: 'the tiers of the two APIs are different products; none of them changes the answer',
  },
  store: {
    treatment: 'ignored',
    asksForNothing: (value) => value === false,
    why: 'nothing is stored, and there is no endpoint to read a stored completion from',
  },
  metadata: {
    treatment: 'ignored',
    asksForNothing: (value) => isObject(value) && Object.keys(value).length === 0,
    why: 'labels of stored completions',
  },
}

/** Says whether the parameter is one that this table treats. */
export function isTreated(parameter: string): boolean {
  return Object.hasOwn(TREATMENTS, parameter)
}

/**
 * Checks a request for parameters that would change the answer if they were dropped.
 * @returns the names of parameters that ask for something and are ignored, in the table's order
 * @throws {RouterError} `invalid_request` for the first one that cannot be ignored; the message names it
 */
export function checkUntranslatedParameters(request: Readonly<Record<string, unknown>>): string[] {
  const ignored: string[] = []
  for (const [parameter, { treatment, asksForNothing, advice }] of Object.entries(TREATMENTS)) {
    const value = request[parameter]
    if (value === undefined || value === null || asksForNothing?.(value)) continue
    if (treatment === 'refused')
      throw new RouterError('invalid_request', `${parameter}: ${advice ?? 'is not supported.'}`)
    ignored.push(parameter)
  }
  return ignored
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
