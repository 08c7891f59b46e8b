/**
 * Server-sent frames of a Responses stream: each event by its name. Does not decide what comes when.
 */
import type { ResponseEvent } from './event-translator.ts'

/** Returns the frame of an event. */
export function encodeResponseEvent(event: ResponseEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
