/**
 * The form that a request demands of its answer (`output_config.format`), as far as a local model can be held to it: one of
 * some values, or a flat object. Stands once, for the router that asks and the container that answers.
 */
import * as z from 'zod/mini'
import { RouterError } from './errors.ts'

/** One of some texts, or a flat JSON object whose members are written in this order. */
export type AnswerFormat =
  | {
      readonly type: 'choice'
      readonly choices: readonly string[]
      /** Whether the answer is the chosen text as a JSON string: the model writes it plainly, as it would by itself. */
      readonly quoted?: boolean
    }
  | { readonly type: 'object'; readonly members: readonly AnswerMember[] }

export type AnswerMember = { readonly name: string; readonly value: AnswerValue }

export type AnswerValue =
  | { readonly type: 'enum'; readonly values: readonly Scalar[] }
  | { readonly type: 'string' }
  | { readonly type: 'number' }
  | { readonly type: 'integer' }
  | { readonly type: 'boolean' }

type Scalar = string | number | boolean | null

export type DemandedFormat = {
  readonly format: AnswerFormat
  /** What the schema's descriptions say, a line each: a model must be told, as nothing enforces it. */
  readonly notes: readonly string[]
}

type Schema = Readonly<Record<string, unknown>>

const configSchema = z.looseObject({ format: z.unknown() })
const schemaSchema = z.record(z.string(), z.unknown())
const formatSchema = z.strictObject({ type: z.literal('json_schema'), schema: schemaSchema })

/** Keywords that demand nothing of an answer. */
const ANNOTATIONS = [
  'title',
  'description',
  '$schema',
  '$id',
  '$comment',
  'default',
  'examples',
  'deprecated',
]
const VALUE_TYPES = ['string', 'number', 'integer', 'boolean'] as const
/** What Anthropic's SDK says of integers that a double holds: no integer that is written here is larger. */
const SAFE_INTEGER = `{minimum: ${Number.MIN_SAFE_INTEGER}, maximum: ${Number.MAX_SAFE_INTEGER}}`
/** Of names, values and descriptions together: it bounds what the container does for a request before it answers. */
const MAX_CHARACTERS = 10_000
const MAX_MEMBERS = 64
const MAX_VALUES = 256

/**
 * Returns the form that a request demands, or undefined where any text will do.
 * @param outputConfig its `output_config`
 * @throws {RouterError} `unsupported` that names what no local model can be held to
 */
export function readAnswerFormat(outputConfig: unknown): DemandedFormat | undefined {
  if (outputConfig === undefined) return undefined
  const given = configSchema.safeParse(outputConfig).data?.format ?? undefined
  if (given === undefined) return undefined
  const parsed = formatSchema.safeParse(given)
  if (!parsed.success) throw unsupported('', 'must hold the type "json_schema", a "schema" and nothing else')
  const notes: string[] = []
  const { schema } = parsed.data
  const format = schema.type === 'object' ? readObject(schema, notes) : readChoice(schema, notes)
  if (JSON.stringify([format, notes]).length > MAX_CHARACTERS)
    throw unsupported('.schema', `must be at most ${MAX_CHARACTERS} characters`)
  return { format, notes }
}

function readChoice(schema: Schema, notes: string[]): AnswerFormat {
  const value = readValue(schema, '.schema', '', notes)
  if (value.type === 'boolean') return { type: 'choice', choices: ['true', 'false'] }
  if (value.type !== 'enum') throw unsupported('.schema', 'must be an object, or have an "enum"')
  const { values } = value
  // A lone surrogate has no UTF-8; the JSON text writes it as an escape.
  const texts = values.filter((each) => typeof each === 'string').filter((each) => each.isWellFormed())
  if (texts.length === values.length) return { type: 'choice', choices: [...new Set(texts)], quoted: true }
  return { type: 'choice', choices: [...new Set(values.map((each) => JSON.stringify(each)))] }
}

function readObject(schema: Schema, notes: string[]): AnswerFormat {
  checkKeywords(schema, '.schema', ['type', 'properties', 'required', 'additionalProperties'])
  if ((schema.additionalProperties ?? false) !== false)
    throw unsupported('.schema.additionalProperties', 'must be false')
  const properties = Object.entries(asSchema(schema.properties ?? {}, '.schema.properties'))
  if (properties.length > MAX_MEMBERS)
    throw unsupported('.schema.properties', `must be at most ${MAX_MEMBERS}`)
  note(notes, '', schema)
  const required = Array.isArray(schema.required) ? schema.required : []
  const members = properties.map(([name, value]) => {
    const path = `.schema.properties.${name.slice(0, 60)}`
    if (!required.includes(name)) throw unsupported(path, 'must be in "required"')
    return { name, value: readValue(asSchema(value, path), path, `${name}: `, notes) }
  })
  if (new Set(required).size > members.length)
    throw unsupported('.schema.required', 'must name members that "properties" has')
  return { type: 'object', members }
}

function readValue(schema: Schema, path: string, prefix: string, notes: string[]): AnswerValue {
  note(notes, prefix, schema)
  if ('const' in schema || 'enum' in schema) {
    const keyword = 'const' in schema ? 'const' : 'enum'
    checkKeywords(schema, path, ['type', keyword])
    return { type: 'enum', values: readValues(schema, keyword, `${path}.${keyword}`) }
  }
  const type = VALUE_TYPES.find((each) => each === schema.type)
  if (type === undefined)
    throw unsupported(path, `must be ${VALUE_TYPES.join(', ')}, "enum" or "const", not an object or a list`)
  checkKeywords(schema, path, ['type'])
  return { type }
}

function readValues(schema: Schema, keyword: 'const' | 'enum', path: string): readonly Scalar[] {
  const given = keyword === 'const' ? [schema.const] : schema.enum
  if (!Array.isArray(given) || given.length === 0 || given.length > MAX_VALUES)
    throw unsupported(path, `must be a list of 1 to ${MAX_VALUES} values`)
  const values = given.filter(isScalar)
  if (values.length < given.length)
    throw unsupported(path, 'must hold texts, numbers, true, false or null, and no integer beyond a double')
  if (schema.type !== undefined && !values.every((value) => hasType(value, schema.type)))
    throw unsupported(path, 'must hold values of the "type" only')
  return values
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}

function hasType(value: Scalar, type: unknown): boolean {
  if (value === null) return type === 'null'
  return type === 'integer' ? Number.isInteger(value) : type === typeof value
}

function note(notes: string[], prefix: string, { description }: Schema): void {
  if (typeof description !== 'string') return
  const text = description.replace(SAFE_INTEGER, '').trim()
  if (text !== '') notes.push(`${prefix}${text}`)
}

function checkKeywords(schema: Schema, path: string, known: readonly string[]): void {
  const other = Object.keys(schema).find((key) => !known.includes(key) && !ANNOTATIONS.includes(key))
  if (other !== undefined) throw unsupported(`${path}.${other.slice(0, 60)}`, 'must be left out')
}

function asSchema(value: unknown, path: string): Schema {
  const parsed = schemaSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw unsupported(path, 'must be an object')
}

function unsupported(path: string, demand: string): RouterError {
  return new RouterError(
    'unsupported',
    `output_config.format${path}: ${demand}, for the local model to be held to it. Change it, or ask Claude.`,
  )
}
