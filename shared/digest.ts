/**
 * Digests of text, by WebCrypto: the same on Workers and on Node.
 */

const encoder = new TextEncoder()
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Returns the SHA-256 of the text's UTF-8 bytes as 64 hexadecimal digits in lower case. */
export async function sha256Hex(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)))
  let hex = ''
  for (const byte of digest) hex += HEX[byte]
  return hex
}
