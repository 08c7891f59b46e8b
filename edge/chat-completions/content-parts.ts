/**
 * OpenAI's content parts to Messages content blocks: text, refusals, images and files. Does not know messages or
 * roles; what a part may not be (audio, stored files) is refused here with the path of the part.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock } from '../../shared/messages.ts'
import { toTextBlock, withCacheControl } from '../openai/blocks.ts'
import { toFileBlock, toImageBlock } from '../openai/media.ts'
import { parsePart } from '../openai/parse-part.ts'
import { cacheControl } from '../openai/schema-pieces.ts'
import type { ChatContent } from './request-schema.ts'

const textPartSchema = z.looseObject({ text: z.string(), cache_control: cacheControl })
const refusalPartSchema = z.looseObject({ refusal: z.string(), cache_control: cacheControl })
const imagePartSchema = z.looseObject({
  image_url: z.looseObject({ url: z.string() }),
  cache_control: cacheControl,
})
const filePartSchema = z.looseObject({
  file: z.looseObject({ file_data: z.nullish(z.string()), filename: z.nullish(z.string()) }),
  cache_control: cacheControl,
})

/**
 * Translates a content field to blocks. Text without a character that is not white space is left out, because the
 * Messages API refuses it.
 * @param path where the field stands in the request, for messages such as `messages.0.content.1.image_url.url: …`
 * @throws {RouterError} `invalid_request` for parts that cannot be translated
 */
export function toBlocks(content: ChatContent, path: string): ContentBlock[] {
  if (typeof content === 'string') return toTextBlock(content)
  return content.flatMap((part, at) => toBlock(part, `${path}.${at}`))
}

/**
 * Translates a content field that may hold nothing but text (system, developer and assistant messages).
 * @throws {RouterError} `invalid_request` for any other part
 */
export function toTextBlocks(content: ChatContent, path: string): ContentBlock[] {
  const blocks = toBlocks(content, path)
  if (blocks.some((block) => block.type !== 'text'))
    throw new RouterError('invalid_request', `${path}: must hold text parts only in a message of this role`)
  return blocks
}

function toBlock(part: { type: string }, path: string): ContentBlock[] {
  switch (part.type) {
    case 'text': {
      const { text, cache_control } = parsePart(textPartSchema, part, path, `${path}.text: must be a string`)
      return withCacheControl(toTextBlock(text), cache_control)
    }
    case 'refusal': {
      const { refusal, cache_control } = parsePart(
        refusalPartSchema,
        part,
        path,
        `${path}.refusal: must be a string`,
      )
      return withCacheControl(toTextBlock(refusal), cache_control)
    }
    case 'image_url': {
      const urlPath = `${path}.image_url.url`
      const { image_url, cache_control } = parsePart(
        imagePartSchema,
        part,
        path,
        `${urlPath}: must be a string`,
      )
      return withCacheControl([toImageBlock(image_url.url, urlPath)], cache_control)
    }
    case 'file': {
      const { file, cache_control } = parsePart(
        filePartSchema,
        part,
        path,
        `${path}.file: must be an object with "file_data"`,
      )
      return withCacheControl([toFileBlock(file, `${path}.file`)], cache_control)
    }
    case 'input_audio':
      throw new RouterError(
        'invalid_request',
        `${path}.type: audio input is not supported. Send a transcript as text.`,
      )
    default:
      throw new RouterError('invalid_request', `${path}.type: must be "text", "image_url" or "file"`)
  }
}
