/**
 * Server-sent frames of a chat completion stream: data lines without event names, as OpenAI sends them.
 * Does not decide what comes when; chunk-translator.ts does.
 */
import type { CompletionStreamItem } from './chunk-translator.ts'

/** Returns the frame of a chunk, of an error, or of the `[DONE]` that ends a complete stream. */
export function encodeCompletionStreamItem(item: CompletionStreamItem): string {
  return `data: ${typeof item === 'string' ? item : JSON.stringify(item)}\n\n`
}
