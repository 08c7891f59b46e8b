/**
 * The id of a request: it begins with the time of the request, so that its receipt is found without an index.
 */

/** Six bytes of time, ten of chance, in hex. */
const FORM = /^req_([0-9a-f]{12})[0-9a-f]{20}$/
const RANDOM_BYTES = 10
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * Returns a new id.
 * @param at time of the request, milliseconds since the epoch
 * @param randomBytes returns so many bytes that nobody can guess
 */
export function createRequestId(at: number, randomBytes: (count: number) => Uint8Array): string {
  const time = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0').slice(-12)
  let id = `req_${time}`
  for (const byte of randomBytes(RANDOM_BYTES)) id += HEX[byte]
  return id
}

/** Returns when the request with this id came, milliseconds since the epoch; undefined for an id that is none of ours. */
export function timeOfRequestId(id: string): number | undefined {
  const time = FORM.exec(id)?.[1]
  return time === undefined ? undefined : Number.parseInt(time, 16)
}

/**
 * The platform's random bytes, for `createRequestId`: few at a time. They must not be guessed: under ALLOW_ANONYMOUS
 * whoever knows the id of a kept response may read it.
 */
export function cryptoRandomBytes(count: number): Uint8Array {
  if (at + count > pool.byteLength) {
    crypto.getRandomValues(pool)
    at = 0
  }
  at += count
  return pool.slice(at - count, at)
}

/** Drawn many at a time: each call to the platform costs more than all of an id. */
const pool = new Uint8Array(1_000)
let at = pool.byteLength
