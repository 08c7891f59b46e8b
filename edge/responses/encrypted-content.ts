/**
 * Claude's thinking as `encrypted_content` of a reasoning item and back: the block with its signature, which Claude wants
 * back unchanged. Clients carry it unread, as they carry OpenAI's.
 */
import * as z from 'zod/mini'
import type { ContentBlock } from '../../shared/messages.ts'

const PREFIX = 'claude-thinking:'

const thinkingSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() }),
])

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
    const parsed = thinkingSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
