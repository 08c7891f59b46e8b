/**
 * Reads a request's body up to a limit, so that nothing larger is ever held.
 */
import { RouterError } from '../../shared/errors.ts'

/**
 * Returns the whole body.
 * @throws {RouterError} `too_large` as soon as the limit is passed, whatever the declared length said;
 *   `unsupported_media_type` if the body is not declared as JSON; `cancelled` if it breaks off
 */
export async function readJsonBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type))
    throw new RouterError(
      'unsupported_media_type',
      'Send JSON, with the header "content-type: application/json".',
    )
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  if (request.body === null) return new Uint8Array()
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let total = 0
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw new RouterError('cancelled', 'The request body broke off before its end.', { cause })
    })
    if (done) break
    total += value.byteLength
    if (total > maxBytes) {
      reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    chunks.push(value)
  }
  const first = chunks[0]
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
