/**
 * Reads a request's body, decompressed, up to a limit, so that nothing larger is ever held.
 */
import { RouterError } from '../../shared/errors.ts'

/**
 * Returns the whole body.
 * @throws {RouterError} `too_large` as soon as the limit is passed, whatever the declared length said;
 *   `unsupported_media_type` if the body is not declared as JSON or is encoded in an unknown way; `cancelled` if it
 *   breaks off; `invalid_request` if it cannot be decompressed
 */
export async function readJsonBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type))
    throw new RouterError(
      'unsupported_media_type',
      'Send JSON, with the header "content-type: application/json".',
    )
  return readBody(request, maxBytes)
}

/** Returns the fields of a form that a browser sent. @throws {RouterError} as `readJsonBytes` */
export async function readFormFields(request: Request, maxBytes: number): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers.get('content-type') ?? ''))
    throw new RouterError('unsupported_media_type', 'Send the form as a browser does.')
  return new URLSearchParams(new TextDecoder().decode(await readBody(request, maxBytes)))
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (!DECODERS.has(encoding))
    throw new RouterError(
      'unsupported_media_type',
      `The content-encoding ${JSON.stringify(encoding.slice(0, 20))} is not taken. Send the body as it is, or with gzip.`,
    )
  if (request.body === null) return new Uint8Array()
  const format = DECODERS.get(encoding)
  // Counted whatever was declared: not every way to here holds a sender to its word, and what is read at once has no bound.
  if (format !== undefined)
    return readChunks(request.body.pipeThrough(new DecompressionStream(format)).getReader(), maxBytes, true)
  const blocks = blockReader(request.body)
  if (blocks === undefined) return readChunks(request.body.getReader(), maxBytes, false)
  return readBlocks(blocks, Number(request.headers.get('content-length') ?? LARGEST_BLOCK), maxBytes)
}

/** What a body may be encoded with, and the decoder; undefined where there is nothing to decode. */
const DECODERS: ReadonlyMap<string, 'gzip' | 'deflate' | undefined> = new Map([
  ['identity', undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
])

/** A reader as Workers have it: `readAtLeast` gives less than it is asked for at the end only. */
type BlockReader = Pick<ReadableStreamBYOBReader, 'cancel' | 'readAtLeast'>

/** Returns a reader that waits for many chunks at once, or undefined where the platform has none. */
function blockReader(stream: ReadableStream<Uint8Array>): BlockReader | undefined {
  if (typeof ReadableStreamBYOBReader.prototype.readAtLeast !== 'function') return undefined
  return stream.getReader({ mode: 'byob' })
}

/** So much is held for what has been declared and has not come. */
const LARGEST_BLOCK = 256 * 1024

/** @param declared bytes that are expected; more and less are taken as well */
async function readBlocks(reader: BlockReader, declared: number, maxBytes: number): Promise<Uint8Array> {
  const blocks: Uint8Array[] = []
  let total = 0
  for (;;) {
    // One more than is to come, so that the end is seen without another read.
    const size = total <= declared ? Math.min(LARGEST_BLOCK, declared + 1 - total) : LARGEST_BLOCK
    const { value, done } = await reader.readAtLeast(size, new Uint8Array(size)).catch((cause) => {
      throw brokenOff(cause)
    })
    if (value !== undefined) {
      total += value.byteLength
      blocks.push(value)
    }
    if (total > maxBytes) {
      reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    if (done || value.byteLength < size) return joined(blocks, total)
  }
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  isEncoded: boolean,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let total = 0
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw isEncoded
        ? new RouterError('invalid_request', 'The request body cannot be decompressed. Check its encoding.')
        : brokenOff(cause)
    })
    if (done) return joined(chunks, total)
    total += value.byteLength
    if (total > maxBytes) {
      reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    chunks.push(value)
  }
}

function joined(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const [first] = chunks
  if (chunks.length === 1 && first !== undefined) return first
  const body = new Uint8Array(total)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.byteLength
  }
  return body
}

function tooLarge(maxBytes: number): RouterError {
  return new RouterError('too_large', `The request body is larger than ${maxBytes} bytes. Send less.`)
}

function brokenOff(cause: unknown): RouterError {
  return new RouterError('cancelled', 'The request body broke off before its end.', { cause })
}
