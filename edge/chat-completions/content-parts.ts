/**
 * OpenAI's content parts to Messages content blocks: text, refusals and images. Does not know messages or roles;
 * what a part may not be (audio, files) is refused here with the path of the part.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock } from '../../shared/messages.ts'
import type { ChatContent } from './request-schema.ts'

const textPartSchema = z.looseObject({ type: z.literal('text'), text: z.string() })
const refusalPartSchema = z.looseObject({ type: z.literal('refusal'), refusal: z.string() })
const imagePartSchema = z.looseObject({
  type: z.literal('image_url'),
  image_url: z.looseObject({ url: z.string() }),
})

/** What Claude reads; `image/jpg` is a common misspelling of `image/jpeg`. */
const IMAGE_TYPES: Readonly<Record<string, string>> = {
  'image/jpeg': 'image/jpeg',
  'image/jpg': 'image/jpeg',
  'image/png': 'image/png',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
}

/**
 * Translates a content field. A string stays a string; empty text parts are left out, because the Messages API
 * refuses them.
 * @param path where the field stands in the request, for messages such as `messages.0.content.1.image_url.url: …`
 * @throws {RouterError} `invalid_request` for parts that cannot be translated
 */
export function toMessagesContent(content: ChatContent, path: string): string | ContentBlock[] {
  if (typeof content === 'string') return content
  return content.flatMap((part, at) => toBlock(part, `${path}.${at}`))
}

/**
 * Translates a content field that may hold nothing but text (system, developer and assistant messages).
 * @throws {RouterError} `invalid_request` for any other part
 */
export function toTextContent(content: ChatContent, path: string): string | ContentBlock[] {
  const blocks = toMessagesContent(content, path)
  if (typeof blocks !== 'string' && blocks.some((block) => block.type !== 'text'))
    throw new RouterError('invalid_request', `${path}: must hold text parts only in a message of this role`)
  return blocks
}

function toBlock(part: { type: string }, path: string): ContentBlock[] {
  if (part.type === 'text') {
    const parsed = textPartSchema.safeParse(part)
    if (!parsed.success) throw new RouterError('invalid_request', `${path}.text: must be a string`)
    return textBlocks(parsed.data.text)
  }
  if (part.type === 'refusal') {
    const parsed = refusalPartSchema.safeParse(part)
    if (!parsed.success) throw new RouterError('invalid_request', `${path}.refusal: must be a string`)
    return textBlocks(parsed.data.refusal)
  }
  if (part.type === 'image_url') {
    const parsed = imagePartSchema.safeParse(part)
    if (!parsed.success) throw new RouterError('invalid_request', `${path}.image_url.url: must be a string`)
    return [{ type: 'image', source: imageSource(parsed.data.image_url.url, `${path}.image_url.url`) }]
  }
  const advice =
    part.type === 'input_audio'
      ? 'audio input is not supported. Send a transcript as text.'
      : part.type === 'file'
        ? 'files are not supported here. Send their text, or use the Messages endpoint with a document block.'
        : 'must be "text" or "image_url"'
  throw new RouterError('invalid_request', `${path}.type: ${advice}`)
}

function textBlocks(text: string): ContentBlock[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function imageSource(url: string, path: string): Record<string, string> {
  if (/^https:\/\//i.test(url)) return { type: 'url', url }
  const header = /^data:([^;,]*);base64,/i.exec(url)
  const mediaType = IMAGE_TYPES[header?.[1]?.toLowerCase() ?? '']
  const data = header === null ? '' : url.slice(header[0].length)
  if (mediaType !== undefined && data !== '') return { type: 'base64', media_type: mediaType, data }
  throw new RouterError(
    'invalid_request',
    `${path}: must be an https URL or a base64 data URL of a JPEG, PNG, GIF or WebP image`,
  )
}
