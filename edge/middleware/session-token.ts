/**
 * The administrator's session on the dashboard as a signed value: made, read, renewed. Knows no cookie and no request.
 *
 * Nothing is kept of a session: the value says when it began and how long it holds, and is signed with a key that is
 * derived from the admin key's digest. Another admin key ends every session.
 */

/** How long a session lives without use. */
export const SESSION_MS = 12 * 3_600_000
/** From which age on a value is replaced when it is used. */
const RENEW_AFTER_MS = 3_600_000
/** How long a session lives whatever is done: then the key is asked for again. */
const LONGEST_MS = 7 * 86_400_000
/** What clocks of machines may differ by. */
const SKEW_MS = 60_000
const PURPOSE = 'ulfberht-router dashboard session 1'
const TOKEN = /^1\.(\d{1,15})\.(\d{1,15})\.([0-9a-f]{64})$/

export type Session = {
  /** When the key was given, milliseconds since the epoch. */
  readonly startedAt: number
  /** When this value was made. */
  readonly issuedAt: number
}

/** Returns the value of a session that begins now. */
export async function startSession(adminDigest: string, now: number): Promise<string> {
  return sign(adminDigest, { startedAt: now, issuedAt: now })
}

/**
 * Returns the session that a value speaks of, or undefined: not signed with this key, over, or from the future.
 * Signatures are compared by WebCrypto, in constant time.
 */
export async function readSession(
  adminDigest: string,
  value: string,
  now: number,
): Promise<Session | undefined> {
  const [, started, issued, signature] = TOKEN.exec(value) ?? []
  if (started === undefined || issued === undefined || signature === undefined) return undefined
  const session = { startedAt: Number(started), issuedAt: Number(issued) }
  const key = await signingKey(adminDigest)
  const isSigned = await crypto.subtle.verify('HMAC', key, bytesOfHex(signature), payload(session))
  return isSigned && isCurrent(session, now) ? session : undefined
}

/** Returns the value that replaces an older one of the same session, or undefined while it is young. */
export async function renewSession(
  adminDigest: string,
  session: Session,
  now: number,
): Promise<string | undefined> {
  if (now - session.issuedAt < RENEW_AFTER_MS) return undefined
  return sign(adminDigest, { startedAt: session.startedAt, issuedAt: now })
}

function isCurrent({ startedAt, issuedAt }: Session, now: number): boolean {
  return (
    startedAt <= issuedAt &&
    issuedAt <= now + SKEW_MS &&
    now - issuedAt < SESSION_MS &&
    now - startedAt < LONGEST_MS
  )
}

async function sign(adminDigest: string, session: Session): Promise<string> {
  const signature = await crypto.subtle.sign('HMAC', await signingKey(adminDigest), payload(session))
  return `1.${session.startedAt}.${session.issuedAt}.${hexOfBytes(new Uint8Array(signature))}`
}

function payload({ startedAt, issuedAt }: Session): Uint8Array {
  return new TextEncoder().encode(`${startedAt}.${issuedAt}`)
}

/** A key of its own for sessions: no other use of the digest can be mistaken for a signature. */
async function signingKey(adminDigest: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const root = await crypto.subtle.importKey('raw', new TextEncoder().encode(adminDigest), algorithm, false, [
    'sign',
  ])
  const derived = await crypto.subtle.sign('HMAC', root, new TextEncoder().encode(PURPOSE))
  return crypto.subtle.importKey('raw', derived, algorithm, false, ['sign', 'verify'])
}

function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
