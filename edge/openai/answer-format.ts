/**
 * The form and the effort that an answer is asked for, in either of OpenAI's formats, as the Messages API takes them.
 * What only some Claude models take is removed by their provider.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock } from '../../shared/messages.ts'
import { toClosedSchema } from './json-schema.ts'

/**
 * `json_object` has no counterpart: a schema for "any object" is not accepted by `output_config.format`, which
 * wants every object closed, and a forced tool call clashes with thinking and with the client's own tools. OpenAI
 * demands that the prompt itself asks for JSON, so an instruction that asks once more is what remains; refusing
 * would break every client that sets the flag by habit.
 */
export const JSON_OBJECT_INSTRUCTION =
  'Answer with one JSON object and nothing else: no text before or after it and no code fence.'

/** Efforts that OpenAI's clients may ask for. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

type WantedFormat =
  | { readonly type: 'text' | 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly schema: Readonly<Record<string, unknown>>
      readonly strict?: boolean | null | undefined
    }

export type AnswerFormat = {
  readonly format?: { readonly type: 'json_schema'; readonly schema: object }
  /** What asks for the format in words, where nothing can enforce it. */
  readonly instruction: readonly ContentBlock[]
}

/**
 * Translates the form.
 * @param schemaPath where the client's schema stands, for the complaint
 * @throws {RouterError} `invalid_request` for a strict schema that Claude cannot be held to
 */
export function toAnswerFormat(wanted: WantedFormat | null | undefined, schemaPath: string): AnswerFormat {
  if (wanted?.type === 'json_object')
    return { instruction: [{ type: 'text', text: JSON_OBJECT_INSTRUCTION }] }
  if (wanted?.type !== 'json_schema') return { instruction: [] }
  const { schema, strict } = wanted
  const closed = toClosedSchema(schema)
  if (closed !== undefined) return { format: { type: 'json_schema', schema: closed }, instruction: [] }
  if (strict === true)
    throw new RouterError(
      'invalid_request',
      `${schemaPath}: every part needs a "type", and every object its "properties"; leave out "strict" for a schema that allows anything`,
    )
  const text = `${JSON_OBJECT_INSTRUCTION} It must fit this JSON schema: ${JSON.stringify(schema)}`
  return { instruction: [{ type: 'text', text }] }
}

/** Returns the request's `output_config`, if anything is asked for. */
export function outputConfigField(
  effort: (typeof EFFORTS)[number] | null | undefined,
  format: AnswerFormat['format'],
) {
  const config = {
    // Claude has no step below low.
    ...(effort ? { effort: effort === 'none' || effort === 'minimal' ? 'low' : effort } : {}),
    ...(format ? { format } : {}),
  }
  return Object.keys(config).length > 0 ? { output_config: config } : {}
}
