/**
 * How long Claude keeps the prompt that a request asks it to cache. Reads the marks; does not know whether they were heeded.
 */
import * as z from 'zod/mini'
import type { MessageParam, MessagesRequest } from '../../../shared/messages.ts'

/** Source: Anthropic's documentation of prompt caching, November 2026; each use begins the time anew. */
export const FIVE_MINUTES = 5 * 60_000
const ONE_HOUR = 60 * 60_000

const markedSchema = z.object({ cache_control: z.object({ ttl: z.optional(z.unknown()) }) })

/**
 * Returns milliseconds: an hour where every mark asks for it, else five minutes, which the shortest part lives; undefined
 * where nothing is marked.
 */
export function cacheLifeMs({ system, tools, messages, cache_control }: MessagesRequest): number | undefined {
  const marked = [{ cache_control }, ...listOf(system), ...(tools ?? []), ...messages.flatMap(blocksOf)]
  const lives = marked.flatMap((part) => {
    const mark = markedSchema.safeParse(part).data?.cache_control
    return mark === undefined ? [] : [mark.ttl === '1h' ? ONE_HOUR : FIVE_MINUTES]
  })
  return lives.length === 0 ? undefined : Math.min(...lives)
}

function blocksOf({ content }: MessageParam): readonly unknown[] {
  return listOf(content)
}

function listOf(content: MessagesRequest['system']): readonly unknown[] {
  return typeof content === 'object' ? (content ?? []) : []
}
