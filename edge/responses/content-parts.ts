/**
 * Content parts of the Responses API to Messages blocks: text, refusals, images and files. Does not know items or roles;
 * what a part may not be (audio, stored files) is refused here with the path of the part.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import type { ContentBlock } from '../../shared/messages.ts'
import { toTextBlock, withCacheControl } from '../openai/blocks.ts'
import { toFileBlock, toImageBlock } from '../openai/media.ts'
import { parsePart } from '../openai/parse-part.ts'
import { cacheControl } from '../openai/schema-pieces.ts'
import type { ItemContent } from './input-items.ts'

const textPart = z.looseObject({ text: z.string(), cache_control: cacheControl })
const refusalPart = z.looseObject({ refusal: z.string(), cache_control: cacheControl })
const imagePart = z.looseObject({ image_url: z.string(), cache_control: cacheControl })
const filePart = z.looseObject({
  file_url: z.nullish(z.string()),
  file_data: z.nullish(z.string()),
  filename: z.nullish(z.string()),
  cache_control: cacheControl,
})

/**
 * Translates a content field to blocks. Text without a character that is not white space is left out, because the
 * Messages API refuses it.
 * @param path where the field stands, for messages such as `input.0.content.1.image_url: …`
 * @throws {RouterError} `invalid_request` for parts that cannot be translated
 */
export function toBlocks(content: ItemContent, path: string): ContentBlock[] {
  if (typeof content === 'string') return toTextBlock(content)
  return content.flatMap((part, at) => toBlock(part, `${path}.${at}`))
}

/**
 * Translates a content field that may hold nothing but text (system, developer and assistant messages).
 * @throws {RouterError} `invalid_request` for any other part
 */
export function toTextBlocks(content: ItemContent, path: string): ContentBlock[] {
  const blocks = toBlocks(content, path)
  if (blocks.some((block) => block.type !== 'text'))
    throw new RouterError('invalid_request', `${path}: must hold text parts only in a message of this role`)
  return blocks
}

function toBlock(part: { type: string }, path: string): ContentBlock[] {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text': {
      const { text, cache_control } = parsePart(textPart, part, path, `${path}.text: must be a string`)
      return withCacheControl(toTextBlock(text), cache_control)
    }
    case 'refusal': {
      const { refusal, cache_control } = parsePart(
        refusalPart,
        part,
        path,
        `${path}.refusal: must be a string`,
      )
      return withCacheControl(toTextBlock(refusal), cache_control)
    }
    case 'input_image': {
      const complaint = `${path}.image_url: must be a string; stored files (file_id) are not offered`
      const { image_url, cache_control } = parsePart(imagePart, part, path, complaint)
      return withCacheControl([toImageBlock(image_url, `${path}.image_url`)], cache_control)
    }
    case 'input_file': {
      const file = parsePart(filePart, part, path, `${path}: must hold "file_data" or "file_url" as a string`)
      return withCacheControl([toDocument(file, path)], file.cache_control)
    }
    case 'input_audio':
      throw new RouterError(
        'invalid_request',
        `${path}.type: audio input is not supported. Send a transcript as text.`,
      )
    default:
      throw new RouterError(
        'invalid_request',
        `${path}.type: must be "input_text", "input_image", "input_file", "output_text" or "refusal"`,
      )
  }
}

function toDocument({ file_url, ...file }: z.infer<typeof filePart>, path: string): ContentBlock {
  if (!file_url) return toFileBlock(file, path)
  if (!/^https:\/\//i.test(file_url))
    throw new RouterError('invalid_request', `${path}.file_url: must be an https URL of a PDF`)
  return {
    type: 'document',
    source: { type: 'url', url: file_url },
    ...(file.filename ? { title: file.filename } : {}),
  }
}
