/**
 * The one table of chat completions' parameters that have no counterpart in a Messages request: which are ignored, which are
 * refused, and why. Does not translate anything; parameters that are not listed here are translated or unknown.
 */
import {
  checkTreatments,
  isJsonObject,
  SHARED_TREATMENTS,
  type Treatments,
} from '../openai/parameter-treatments.ts'

const TREATMENTS: Treatments = {
  n: {
    treatment: 'refused',
    asksForNothing: (value) => value === 1,
    why: 'a Messages answer is one message; fewer choices than asked for would break indexing clients',
    advice: 'must be 1: one choice is returned per request. Send the request several times instead.',
  },
  logit_bias: {
    treatment: 'refused',
    asksForNothing: (value) => isJsonObject(value) && Object.values(value).every((bias) => bias === 0),
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
  ...SHARED_TREATMENTS,
  store: {
    treatment: 'ignored',
    asksForNothing: (value) => value === false,
    why: 'nothing is stored, and there is no endpoint to read a stored completion from',
  },
  metadata: {
    treatment: 'ignored',
    asksForNothing: (value) => isJsonObject(value) && Object.keys(value).length === 0,
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
  return checkTreatments(TREATMENTS, request)
}
