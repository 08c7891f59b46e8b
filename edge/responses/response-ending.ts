/**
 * How an answer ended, in the words of the Responses API.
 */

/** Returns why the answer is not whole; undefined where it is, or where the reason is unknown. */
export function incompleteReason(
  stopReason: string | null | undefined,
): 'max_output_tokens' | 'content_filter' | undefined {
  if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded')
    return 'max_output_tokens'
  return stopReason === 'refusal' ? 'content_filter' : undefined
}

/** Returns the code of a failed response, one of the few that OpenAI's clients know. */
export function failureCode(code: string | null, type: string): string {
  if (code === 'rate_limit_exceeded' || type.includes('rate_limit')) return 'rate_limit_exceeded'
  return type === 'invalid_request_error' ? 'invalid_prompt' : 'server_error'
}
