/**
 * Images and files of OpenAI's parts to Messages blocks. Believes the first bytes rather than the label: clients often
 * declare every image to be a PNG. Fetches nothing.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock } from '../../shared/messages.ts'

/** How base64 of the file types that Claude reads begins. */
const SIGNATURES: readonly (readonly [RegExp, string])[] = [
  [/^iVBORw0KGg/, 'image/png'],
  [/^\/9j\//, 'image/jpeg'],
  [/^R0lGOD/, 'image/gif'],
  [/^UklGR.{6}XRUJQ/, 'image/webp'],
  [/^JVBERi/, 'application/pdf'],
]

/** Types that a label may claim where the first bytes say nothing; `image/jpg` is a common misspelling. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['image/jpeg', 'image/jpeg'],
  ['image/jpg', 'image/jpeg'],
  ['image/png', 'image/png'],
  ['image/gif', 'image/gif'],
  ['image/webp', 'image/webp'],
  ['application/pdf', 'application/pdf'],
  ['text/plain', 'text/plain'],
])

/**
 * Returns the block of an `image_url`: an image, or a document where the data is a PDF.
 * @param path where the URL stands in the request
 * @throws {RouterError} `invalid_request` for a URL that Claude cannot read
 */
export function toImageBlock(url: string, path: string): ContentBlock {
  if (/^https:\/\//i.test(url)) return { type: 'image', source: { type: 'url', url } }
  const media = readDataUrl(url)
  if (media === undefined || media.type === 'text/plain')
    throw new RouterError(
      'invalid_request',
      `${path}: must be an https URL or a base64 data URL of a JPEG, PNG, GIF or WebP image`,
    )
  return toMediaBlock(media, path)
}

/**
 * Returns the block of a `file`: a document, or an image where the data is one.
 * @param path where the file stands in the request
 * @throws {RouterError} `invalid_request` for a stored file and for data that is no PDF, text or image
 */
export function toFileBlock(
  file: { readonly file_data?: string | null | undefined; readonly filename?: string | null | undefined },
  path: string,
): ContentBlock {
  if (!file.file_data)
    throw new RouterError(
      'invalid_request',
      `${path}.file_data: must hold the file as a base64 data URL; stored files (file_id) are not offered`,
    )
  const media = readDataUrl(file.file_data) ?? readBareBase64(file.file_data)
  if (media === undefined)
    throw new RouterError(
      'invalid_request',
      `${path}.file_data: must be a base64 data URL of a PDF, a plain text or an image`,
    )
  const block = toMediaBlock(media, `${path}.file_data`)
  return block.type === 'document' && file.filename ? { ...block, title: file.filename } : block
}

type Media = { readonly type: string; readonly data: string }

/** Reads `data:TYPE;parameter=value;base64,DATA` (RFC 2397). By index: a pattern would go back over megabytes of `;`. */
function readDataUrl(url: string): Media | undefined {
  const end = url.indexOf(',')
  const isEncoded = /^data:/i.test(url) && /;base64$/i.test(url.slice(Math.max(0, end - 7), Math.max(0, end)))
  const data = url.slice(end + 1)
  if (!isEncoded || data === '') return undefined
  const label = url.slice('data:'.length, url.indexOf(';'))
  const type = signedType(data) ?? LABELS.get(label.trim().toLowerCase())
  return type === undefined ? undefined : { type, data }
}

/** Some clients send the base64 alone. */
function readBareBase64(data: string): Media | undefined {
  const type = signedType(data)
  return type === undefined ? undefined : { type, data }
}

function signedType(data: string): string | undefined {
  return SIGNATURES.find(([signature]) => signature.test(data))?.[1]
}

function toMediaBlock({ type, data }: Media, path: string): ContentBlock {
  if (type.startsWith('image/')) return { type: 'image', source: { type: 'base64', media_type: type, data } }
  if (type === 'application/pdf')
    return { type: 'document', source: { type: 'base64', media_type: type, data } }
  return { type: 'document', source: { type: 'text', media_type: type, data: decodeText(data, path) } }
}

function decodeText(base64: string, path: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch {
    throw new RouterError('invalid_request', `${path}: holds text that is not valid base64`)
  }
}
