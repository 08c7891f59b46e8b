/**
 * Errors in OpenAI's form. Owns the mapping of statuses, types, codes and parameter names; never adds anything to
 * a message that the client may not see.
 */
import * as z from 'zod/mini'
import { errorTypeMeaning, RouterError } from '../../shared/errors.ts'
import { type ParameterNames, untranslatedNames } from './parameter-names.ts'

export type OpenAiErrorBody = {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | null
  }
}

/** An error answer of Claude: its status and its parsed body. */
type AnthropicErrorAnswer = { readonly status: number; readonly body: unknown }

const anthropicBodySchema = z.looseObject({
  error: z.looseObject({ type: z.string(), message: z.string() }),
})

/** 529 is Anthropic's own; OpenAI's clients know 503 as "try again". */
const STATUSES: Readonly<Record<number, number>> = { 529: 503 }

/**
 * Translates an error of ours or of Claude.
 * @param names the client's names of parameters, once the request has been translated
 * @returns the HTTP status and the body; `param` is the field that the message begins with, as the client spells it
 *   (`messages[0].role`)
 */
export function toOpenAiError(
  error: RouterError | AnthropicErrorAnswer,
  names: ParameterNames = untranslatedNames,
): { status: number; body: OpenAiErrorBody } {
  const { type, message } = error instanceof RouterError ? error : readBody(error.body)
  const [openAiType, openAiCode] = errorTypeMeaning(type).openAi
  const namesField = type === 'invalid_request_error' || type === 'not_found_error'
  const path = namesField ? FIELD.exec(message)?.[1] : undefined
  const param = path === undefined ? null : names(path)
  return {
    status: STATUSES[error.status] ?? error.status,
    body: {
      error: {
        message: path === undefined || param === null ? message : param + message.slice(path.length),
        type: openAiType,
        param,
        code: codeOf(type, path, message) ?? openAiCode,
      },
    },
  }
}

/** Every message about a field begins with its path and a colon, Claude's as well as ours. */
const FIELD = /^([a-z_]+(?:\.[A-Za-z0-9_]+)*): /

/** Clients act on these codes: they shorten the conversation, or ask for another model. The wordings are Claude's. */
function codeOf(type: string, path: string | undefined, message: string): string | undefined {
  if (type === 'not_found_error' && path === 'model') return 'model_not_found'
  if (path === 'previous_response_id' && message.includes('no such response'))
    return 'previous_response_not_found'
  const isTooLong =
    type === 'invalid_request_error' &&
    /(?:prompt|input) is too long|exceeds? (?:the |its )?(?:maximum )?context/i.test(message)
  return isTooLong ? 'context_length_exceeded' : undefined
}

function readBody(body: unknown): { type: string; message: string } {
  const parsed = anthropicBodySchema.safeParse(body)
  if (parsed.success) return parsed.data.error
  return { type: 'api_error', message: 'The model could not answer. Try again.' }
}
