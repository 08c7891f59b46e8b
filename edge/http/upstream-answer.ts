/**
 * What the surfaces of OpenAI's formats read of an upstream's answer besides its message.
 */
import type { StreamEvent } from '../../shared/events.ts'

/** Says whether the event shows that somebody is still at work: pings, and deltas of every kind. */
export function showsLife({ type }: StreamEvent): boolean {
  return type === 'ping' || type === 'content_block_delta'
}

/** Returns the bytes as text. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** Returns what the text holds as JSON, or undefined where it is none. */
export function parseOrNothing(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
