/**
 * Claude's thinking as `encrypted_content` of a reasoning item and back: the block with its signature, which Claude wants
 * back unchanged. Clients carry it unread, as they carry OpenAI's.
 */
import * as z from 'zod/mini'
import { exceededBound } from '../../shared/json.ts'
import type { ContentBlock } from '../../shared/messages.ts'

const PREFIX = 'claude-thinking:'

const thinkingSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() }),
])

/** More than any block has: the bounds of a body do not see into what is encoded in it. */
const MOST_DEPTH = 8
const MOST_VALUES = 100

/** Returns the block as a text of printable ASCII. */
export function encryptedContentOf(block: ContentBlock): string {
  const bytes = new TextEncoder().encode(JSON.stringify(block))
  return PREFIX + btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** Returns the block, or undefined for what is none of the router's: another vendor's reasoning means nothing to Claude. */
export function thinkingBlockOf(encrypted: string): ContentBlock | undefined {
  if (!encrypted.startsWith(PREFIX)) return undefined
  try {
    const bytes = Uint8Array.from(atob(encrypted.slice(PREFIX.length)), (character) =>
      character.charCodeAt(0),
    )
    const json = new TextDecoder().decode(bytes)
    if (exceededBound(json, MOST_DEPTH, MOST_VALUES) !== undefined) return undefined
    const parsed = thinkingSchema.safeParse(JSON.parse(json))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
