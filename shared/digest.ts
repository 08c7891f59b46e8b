/**
 * Digests of text, the same on Workers and on Node: short ones at once, as the way to WebCrypto and back takes longer than they
 * do, long ones by WebCrypto.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

const encoder = new TextEncoder()
/** Code units of a text whose digest is computed at once. */
const LONGEST_SHORT = 1_024

/** Returns the SHA-256 of the text's UTF-8 bytes as 64 hexadecimal digits in lower case. */
export async function sha256Hex(text: string): Promise<string> {
  const bytes = encoder.encode(text)
  return bytesToHex(
    text.length <= LONGEST_SHORT
      ? sha256(bytes)
      : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
  )
}
