/**
 * Finds what a client sent that the translation has no place for, so that it can be told. Does not judge parameters
 * that OpenAI's API has: parameters.ts does.
 */
import {
  type ChatCompletionRequest,
  type ChatMessage,
  FIELDS_OF_MESSAGES,
  FIELDS_OF_PARTS,
  FIELDS_OF_REQUESTS,
  FIELDS_OF_TOOLS,
} from './request-schema.ts'

/** Names come from the client and go into a header. */
const MOST_NAMES = 32
const UNPRINTABLE = /[^\w.[\]-]/g
const LONGEST_NAME = 60

/**
 * Returns the fields that are left out of the Messages request, such as `reasoning` or `messages[].audio`; at most 32,
 * each once, in characters that a header may hold. Empty values ask for nothing and are left out here, too.
 * @param isListed says whether parameters.ts has the parameter
 */
export function unknownFields(
  request: ChatCompletionRequest,
  isListed: (parameter: string) => boolean,
): string[] {
  const found = new Set<string>()
  const look = (value: object, known: ReadonlySet<string>, prefix: string) => {
    for (const [name, field] of Object.entries(value)) {
      if (found.size >= MOST_NAMES) return
      if (!known.has(name) && !asksForNothing(field))
        found.add(prefix + name.slice(0, LONGEST_NAME).replaceAll(UNPRINTABLE, '?'))
    }
  }
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
  return [...found]
}

type Look = (value: object, known: ReadonlySet<string>, prefix: string) => void

function lookIntoPart(part: Readonly<Record<string, unknown>>, look: Look): void {
  const known = FIELDS_OF_PARTS[String(part.type)]
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

function asksForNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
