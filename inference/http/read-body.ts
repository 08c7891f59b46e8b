/**
 * Reads a JSON request body within its limit: by its stated length before anything is read, and by what really comes.
 */
import { RouterError } from '../../shared/errors.ts'
import { parseJsonBody } from '../../shared/json.ts'

/** 1 MiB: far more text than any small model reads. */
export const MAX_BODY_BYTES = 1024 * 1024

/**
 * Returns the parsed body.
 * @throws {RouterError} `unsupported_media_type`, `too_large`, or `invalid_request`
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  if (!/^application\/(?:[\w.-]+\+)?json\s*(;|$)/i.test(request.headers.get('content-type') ?? ''))
    throw new RouterError('unsupported_media_type', 'Send JSON with "content-type: application/json".')
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (!['', 'identity'].includes(encoding.trim().toLowerCase()))
    throw new RouterError(
      'unsupported_media_type',
      `The content-encoding ${JSON.stringify(encoding.slice(0, 20))} is not taken. Send the body as it is.`,
    )
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength
      if (size > MAX_BODY_BYTES) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof RouterError) throw error
    throw new RouterError('cancelled', 'The request body broke off.', { cause: error })
  }
  return parseJsonBody(Buffer.concat(chunks)).value
}

function tooLarge(): RouterError {
  return new RouterError('too_large', `The request body is larger than ${MAX_BODY_BYTES} bytes. Shorten it.`)
}
