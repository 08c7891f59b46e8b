/**
 * OpenAI's dialect of JSON schema to the one that Claude's structured outputs take: every object closed, constraints
 * that cannot be enforced said in the description. Anthropic's SDK does it; this file brings older schemas into the
 * form that it reads.
 */
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema'

type Schema = Readonly<Record<string, unknown>>

/** Members whose values are data of the client, not schemas. */
const DATA = new Set(['const', 'default', 'enum', 'examples', 'required'])
/** Members whose values are schemas by name. */
const BY_NAME = new Set(['properties', '$defs', 'definitions'])

/**
 * Returns the schema that Claude takes for the same documents, or undefined where there is none: a part that allows
 * anything, an object of any names, or what is no schema.
 */
export function toClosedSchema(schema: Schema): Schema | undefined {
  try {
    return transformJSONSchema(modernise(schema))
  } catch {
    return undefined
  }
}

function modernise(schema: Schema): Schema {
  const { definitions, type, ...others } = schema
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object'))
  if (isObject && others.properties === undefined && others.additionalProperties !== false)
    throw new Error('an object of any names cannot be closed')
  const members = Object.entries({ ...others, ...(definitions === undefined ? {} : { $defs: definitions }) })
  const modern = Object.fromEntries(members.map(([key, value]) => [key, moderniseMember(key, value)]))
  if (!Array.isArray(type)) return type === undefined ? modern : { type, ...modern }
  // The SDK closes what is an object for sure; of several types each becomes a schema of its own.
  const { description, title, $defs, ...rest } = modern
  const about = { description, title, $defs }
  return {
    anyOf: type.map((each) => (each === 'null' ? { type: each } : { type: each, ...rest })),
    ...Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined)),
  }
}

function moderniseMember(key: string, value: unknown): unknown {
  if (DATA.has(key)) return value
  if (key === '$ref' && typeof value === 'string') return value.replace('#/definitions/', '#/$defs/')
  // A bound with more digits than a double holds (exact-json.ts) becomes words, which keep them.
  if (JSON.isRawJSON(value)) return value.rawJSON
  if (Array.isArray(value)) return value.map((each) => (isSchema(each) ? modernise(each) : each))
  if (!isSchema(value)) return value
  if (!BY_NAME.has(key)) return modernise(value)
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, isSchema(each) ? modernise(each) : each]),
  )
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
