/**
 * SHA-256 of short inputs, computed here: the way to WebCrypto and back takes longer than a few blocks do. Long inputs are
 * WebCrypto's (`digest.ts`), and so is everything with a key.
 */

const BLOCK = 64
/** A byte that ends the message, and its length. */
const PADDING = 9
const WORDS = 64
const STATE = 8

/** Fractional parts of the roots of the first primes, as FIPS 180-4 defines them: of cube roots, and of the first square roots. */
const CONSTANTS = new Uint32Array(WORDS)
const INITIAL = new Uint32Array(STATE)
for (let candidate = 2, found = 0; found < WORDS; candidate++) {
  if (!isPrime(candidate)) continue
  if (found < STATE) INITIAL[found] = fraction(Math.sqrt(candidate))
  CONSTANTS[found++] = fraction(Math.cbrt(candidate))
}

const schedule = new Int32Array(WORDS)
const state = new Int32Array(STATE)

/**
 * Returns the digest as 64 hexadecimal digits in lower case.
 * @param buffer the message, with at least 72 bytes after it that are written over
 * @param length bytes of the message, below 2^29
 */
export function sha256OfBuffer(buffer: Uint8Array, length: number): string {
  const blocks = Math.ceil((length + PADDING) / BLOCK)
  const end = blocks * BLOCK
  buffer.fill(0, length, end)
  buffer[length] = 0x80
  const view = new DataView(buffer.buffer, buffer.byteOffset, end)
  view.setUint32(end - 4, length * 8)
  state.set(INITIAL)
  for (let at = 0; at < end; at += BLOCK) addBlock(view, at)
  let hex = ''
  for (const word of state) hex += (word >>> 0).toString(16).padStart(8, '0')
  return hex
}

function addBlock(view: DataView, from: number): void {
  for (let at = 0; at < 16; at++) schedule[at] = view.getInt32(from + at * 4)
  for (let at = 16; at < WORDS; at++) {
    const early = schedule[at - 15] as number
    const late = schedule[at - 2] as number
    const small0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const small1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    schedule[at] = ((schedule[at - 16] as number) + small0 + (schedule[at - 7] as number) + small1) | 0
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let at = 0; at < WORDS; at++) {
    const large1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
    const chosen = (e & f) ^ (~e & g)
    const one = (h + large1 + chosen + (CONSTANTS[at] as number) + (schedule[at] as number)) | 0
    const large0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
    const two = (large0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + two) | 0
  }
  add(0, a)
  add(1, b)
  add(2, c)
  add(3, d)
  add(4, e)
  add(5, f)
  add(6, g)
  add(7, h)
}

function add(at: number, value: number): void {
  state[at] = ((state[at] as number) + value) | 0
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32)
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false
  return true
}
