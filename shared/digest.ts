/**
 * Digests of text: short ones computed here, long ones by WebCrypto; the same on Workers and on Node.
 */
import { sha256OfBuffer } from './sha256.ts'

const encoder = new TextEncoder()
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** Code units of a text whose digest is computed here. */
const LONGEST_SHORT = 1_024
/** A code unit is three bytes at the most; room for the end of the last block. */
const buffer = new Uint8Array(3 * LONGEST_SHORT + 72)

/** Returns the SHA-256 of the text's UTF-8 bytes as 64 hexadecimal digits in lower case. */
export async function sha256Hex(text: string): Promise<string> {
  if (text.length <= LONGEST_SHORT) return sha256OfBuffer(buffer, encoder.encodeInto(text, buffer).written)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)))
  let hex = ''
  for (const byte of digest) hex += HEX[byte]
  return hex
}
