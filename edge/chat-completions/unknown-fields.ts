/**
 * Finds what a client sent that the translation has no place for, so that it can be told. Does not judge parameters
 * that OpenAI's API has: parameters.ts does.
 */
import { createUnknownFields, type UnknownFields } from '../openai/unknown-fields.ts'
import {
  type ChatCompletionRequest,
  type ChatMessage,
  FIELDS_OF_MESSAGES,
  FIELDS_OF_PARTS,
  FIELDS_OF_REQUESTS,
  FIELDS_OF_TOOLS,
} from './request-schema.ts'

/**
 * Returns the fields that are left out of the Messages request, such as `reasoning` or `messages[].audio`.
 * @param isListed says whether parameters.ts has the parameter
 */
export function unknownFields(
  request: ChatCompletionRequest,
  isListed: (parameter: string) => boolean,
): string[] {
  const { look, found } = createUnknownFields()
  for (const [name, field] of Object.entries(request))
    if (!isListed(name)) look({ [name]: field }, FIELDS_OF_REQUESTS, '')
  for (const message of request.messages) {
    look(message, FIELDS_OF_MESSAGES[message.role], 'messages[].')
    for (const part of partsOf(message)) lookIntoPart(part, look)
  }
  for (const tool of request.tools ?? []) {
    look(tool, FIELDS_OF_TOOLS.tool, 'tools[].')
    look(tool.function, FIELDS_OF_TOOLS.function, 'tools[].function.')
  }
  for (const tool of request.functions ?? []) look(tool, FIELDS_OF_TOOLS.function, 'functions[].')
  return found()
}

function lookIntoPart(part: Readonly<Record<string, unknown>>, look: UnknownFields['look']): void {
  const known = FIELDS_OF_PARTS.get(String(part.type))
  if (known === undefined) return
  look(part, known, 'messages[].content[].')
  const image = part.image_url
  // How closely an image is looked at is the model's affair; "auto" says so.
  if (typeof image === 'object' && image !== null && 'detail' in image && image.detail !== 'auto')
    look({ detail: image.detail }, new Set(), 'messages[].content[].image_url.')
}

function partsOf({ content }: ChatMessage): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(content) ? content : []
}
