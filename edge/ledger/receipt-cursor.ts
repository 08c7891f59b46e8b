/**
 * Where a page of receipts ended, as a text for clients. Receipts are ordered by position, newest first, and those of one
 * position by their object, so that a cursor holds in whatever object the next page begins.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'

export type ReceiptCursor = {
  readonly position: number
  /** Name of the object of the last receipt; receipts of the same position in later objects are still to come. */
  readonly object: string
}

const schema = z.tuple([z.int().check(z.minimum(0)), z.string()])

/** Returns the text of a cursor: letters, digits, "-" and "_". */
export function writeCursor({ position, object }: ReceiptCursor): string {
  const bytes = new TextEncoder().encode(JSON.stringify([position, object]))
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** @throws {RouterError} `invalid_request` for a text that is no cursor */
export function readCursor(text: string): ReceiptCursor {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (sign) => sign.codePointAt(0) ?? 0)
    const [position, object] = schema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)),
    )
    return { position, object }
  } catch (cause) {
    const message = 'cursor must be the one that came with the page before, unchanged.'
    throw new RouterError('invalid_request', message, { cause })
  }
}
