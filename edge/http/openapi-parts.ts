/**
 * The pieces that descriptions of operations are made of, for `openapi.ts` and the files beside it. Describes no endpoint.
 */
import * as z from 'zod/mini'

export type Operation = {
  readonly operationId?: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly security?: readonly Record<string, readonly string[]>[]
  readonly parameters?: readonly unknown[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, unknown>>
}
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
export const json = (schema: unknown) => ({ content: { 'application/json': { schema } } })
/** A body that must be there, of the document's schema of this name. */
export const body = (name: string) => ({ required: true, ...json(ref(name)) })
/** One parameter of the path. */
export const inPath = (name: string, description: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
})

/** An answer in JSON, and Anthropic's error body for everything else. */
export const plain = (description: string, schema: unknown = { type: 'object' }) => ({
  '200': { description, ...json(schema) },
  default: { description: 'An error that says what to change.', ...json(ref('Error')) },
})

export type JsonSchema = z.core.JSONSchema.BaseSchema

/** Returns a schema in OpenAPI's form. */
export function toSchema(schema: z.ZodMiniType, io: 'input' | 'output' = 'input'): JsonSchema {
  const {
    $schema: _schema,
    '~standard': _standard,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
