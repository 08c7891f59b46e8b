/**
 * The one table of parameters of the Responses API that have no counterpart in a Messages request: which are ignored,
 * which are refused, and why. Parameters that are not listed here are translated or unknown.
 */
import {
  checkTreatments,
  isJsonObject,
  SHARED_TREATMENTS,
  type Treatments,
} from '../openai/parameter-treatments.ts'

const TREATMENTS: Treatments = {
  background: {
    treatment: 'refused',
    asksForNothing: (value) => value === false,
    why: 'the client would ask for the answer later, and nobody works on it then',
    advice: 'must be false: answers are given at once. Use "stream" for long ones.',
  },
  conversation: {
    treatment: 'refused',
    why: 'an answer without the conversation would be another one',
    advice: 'is not offered. Use "previous_response_id", or send the whole conversation in "input".',
  },
  prompt: {
    treatment: 'refused',
    why: 'the text of the template is at OpenAI',
    advice:
      'prompt templates are kept at OpenAI and not offered here. Send the text in "instructions" and "input".',
  },
  ...ofChatCompletions({
    messages: '"input"',
    response_format: '"text.format"',
    max_tokens: '"max_output_tokens"',
    max_completion_tokens: '"max_output_tokens"',
    reasoning_effort: '"reasoning.effort"',
    functions: '"tools"',
  }),
  stop: {
    treatment: 'refused',
    asksForNothing: (value) => Array.isArray(value) && value.length === 0,
    why: 'the answer would go on where the client wants it to end',
    advice: 'is no parameter of the Responses API. Leave it out, or use POST /v1/chat/completions.',
  },
  ...SHARED_TREATMENTS,
  prompt_cache_options: { treatment: 'ignored', why: 'a hint for caching; no effect on the answer' },
  max_tool_calls: { treatment: 'ignored', why: 'counts calls of hosted tools, of which there are none' },
  context_management: {
    treatment: 'ignored',
    why: 'nothing is compacted: the model reads the whole conversation',
  },
  truncation: {
    treatment: 'ignored',
    asksForNothing: (value) => value === 'disabled',
    why: 'nothing is dropped: a conversation that is too long is an error that says so',
  },
  moderation: { treatment: 'ignored', why: "Claude's own safety holds either way" },
  access_programs: { treatment: 'ignored', why: "a matter of OpenAI's accounts" },
  image: { treatment: 'ignored', why: 'no images are made' },
  stream_options: {
    treatment: 'ignored',
    asksForNothing: (value) => isJsonObject(value) && value.include_obfuscation !== true,
    why: 'padding of events against listeners; answers are sent encrypted anyway',
  },
}

/** Parameters of the older API, which OpenAI refuses here as well, with what takes their place. */
function ofChatCompletions(successors: Readonly<Record<string, string>>): Treatments {
  return Object.fromEntries(
    Object.entries(successors).map(([name, successor]) => [
      name,
      {
        treatment: 'refused',
        why: 'what the client asks for with it would not be done',
        advice: `belongs to POST /v1/chat/completions. Here it is ${successor}.`,
      },
    ]),
  )
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
