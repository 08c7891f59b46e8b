/**
 * Finds what a client sent that the translation has no place for, so that it can be told. Does not judge parameters
 * that OpenAI's API has: parameters.ts does.
 */
import { createUnknownFields } from '../openai/unknown-fields.ts'
import { isTreated } from './parameters.ts'
import {
  FIELDS_OF_REASONING,
  FIELDS_OF_REQUESTS,
  FIELDS_OF_TEXT,
  FIELDS_OF_TOOLS,
  type ResponsesRequest,
} from './request-schema.ts'

/** What an answer may be asked to hold besides: the first is given, the others belong to tools that are not there. */
const KNOWN_INCLUDES: ReadonlySet<string> = new Set([
  'reasoning.encrypted_content',
  'message.output_text.logprobs',
  'message.input_image.image_url',
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
])

/** Returns the fields that are left out of the Messages request, such as `text.verbosity` or `tools[].defer_loading`. */
export function unknownFields(request: ResponsesRequest): string[] {
  const { look, found } = createUnknownFields()
  for (const [name, field] of Object.entries(request))
    if (!isTreated(name)) look({ [name]: field }, FIELDS_OF_REQUESTS, '')
  for (const tool of request.tools ?? []) look(tool, FIELDS_OF_TOOLS, 'tools[].')
  if (request.text) look(request.text, FIELDS_OF_TEXT, 'text.')
  if (request.reasoning) look(request.reasoning, FIELDS_OF_REASONING, 'reasoning.')
  for (const name of request.include ?? []) look({ [name]: true }, KNOWN_INCLUDES, 'include.')
  return found()
}
