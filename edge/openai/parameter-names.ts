/**
 * Names of parameters in errors: what the Messages API calls a field, in the words of the request that the client
 * sent. Each of OpenAI's formats makes its own; errors are written in openai-error.ts.
 */

/** Returns the client's name for a field of the Messages request, or null where the client sent nothing like it. */
export type ParameterNames = (path: string) => string | null

/** Names of a request that was not translated: only the spelling is OpenAI's, `messages[0].role`. */
export const untranslatedNames: ParameterNames = (path) => path.replaceAll(/\.(\d+)/g, '[$1]')
