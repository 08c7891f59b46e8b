/**
 * The signature of a webhook as Standard Webhooks has it (https://www.standardwebhooks.com, v1): HMAC-SHA256 over
 * id, timestamp and body. Sends nothing and checks nothing.
 */

const SECRET_PREFIX = 'whsec_'

/** What is signed: `timestamp` in seconds since the epoch, `body` as it is sent. */
export type SignedContent = { readonly id: string; readonly timestamp: number; readonly body: string }

/**
 * Returns the value of `webhook-signature`.
 * @param secret `whsec_` and the key in base64, or a text that is the key itself
 */
export async function webhookSignature(
  secret: string,
  { id, timestamp, body }: SignedContent,
): Promise<string> {
  const hash = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', keyBytes(secret), hash, false, ['sign'])
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  const signature = await crypto.subtle.sign('HMAC', key, content)
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`
}

function keyBytes(secret: string): Uint8Array<ArrayBuffer> {
  if (!secret.startsWith(SECRET_PREFIX)) return new Uint8Array(new TextEncoder().encode(secret))
  return new Uint8Array([...atob(secret.slice(SECRET_PREFIX.length))].map((each) => each.charCodeAt(0)))
}
