/**
 * Fields of a Messages request that are made the same way for either of OpenAI's formats.
 */
import type { ContentBlock } from '../../shared/messages.ts'

/**
 * Tokens that a local server may write where the client sets no limit, as OpenAI's clients rarely do. Claude gets its
 * model's own maximum: a limit of the router's would cut long answers and tool calls.
 */
export const LOCAL_MAX_TOKENS = 4096

/** One text stays a string, which is what most clients send; several keep their boundaries. */
export function systemField(blocks: readonly ContentBlock[]): { system?: string | ContentBlock[] } {
  const [first, ...others] = blocks
  if (first === undefined) return {}
  if (others.length === 0 && first.text !== undefined && !first.cache_control) return { system: first.text }
  return { system: [...blocks] }
}

type Sampling = {
  readonly temperature?: number | null | undefined
  readonly top_p?: number | null | undefined
  readonly top_k?: number | null | undefined
}

/** Returns what steers the choice of tokens. */
export function samplingFields({ temperature, top_p, top_k }: Sampling) {
  return {
    // Both scales begin at greedy and mean the model's own distribution at 1, so values up to 1 mean the same;
    // the flatter distributions between 1 and 2 do not exist here and become the flattest there is.
    ...(typeof temperature === 'number' ? { temperature: Math.min(1, temperature) } : {}),
    ...(typeof top_p === 'number' ? { top_p } : {}),
    ...(typeof top_k === 'number' ? { top_k } : {}),
  }
}
