/**
 * The shared secret: the only wall around a container that the internet can reach.
 * Compared as digests in constant time, so neither content nor length shows in the timing.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { RouterError } from '../../shared/errors.ts'

/** Throws unless the headers carry the secret. */
export type Authenticate = (headers: Headers) => void

/**
 * Returns the check; without a secret (bound to loopback) everyone passes.
 * @throws {RouterError} the check throws `unauthorized`, the same for a missing and a wrong secret
 */
export function createAuthenticate(secret: string | undefined): Authenticate {
  if (secret === undefined) return () => {}
  const expected = digest(secret)
  return (headers) => {
    const bearer = /^Bearer\s+(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1]
    const given = [bearer, headers.get('x-api-key')].filter((value) => typeof value === 'string')
    let matches = false
    for (const value of given) if (timingSafeEqual(digest(value.trim()), expected)) matches = true
    if (!matches)
      throw new RouterError(
        'unauthorized',
        'Missing or wrong secret. Send LOCAL_LLM_SECRET as "Authorization: Bearer …" or "x-api-key".',
      )
  }
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}
