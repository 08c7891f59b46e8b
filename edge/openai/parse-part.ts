/**
 * Checks one content part of either of OpenAI's formats, and says of a wrong one where and what is wrong. Knows no part.
 */
import type * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { CACHE_CONTROL } from './schema-pieces.ts'

/**
 * Returns the part as its schema reads it.
 * @param path where it stands in the request
 * @param complaint what to say where its own members are wrong, path included
 * @throws {RouterError} `invalid_request`
 */
export function parsePart<T>(schema: z.ZodMiniType<T>, part: unknown, path: string, complaint: string): T {
  const parsed = schema.safeParse(part)
  if (parsed.success) return parsed.data
  const isMark = parsed.error.issues[0]?.path[0] === 'cache_control'
  throw new RouterError('invalid_request', isMark ? `${path}.cache_control: ${CACHE_CONTROL}` : complaint)
}
