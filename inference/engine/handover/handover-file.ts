/**
 * The file by which a model says that it hands over: with which token its answers begin to what it cannot know or do well, and
 * how probable that token must be. Beside the model's own files. Knows no tokenizer.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

/** Beside a model's files. */
export const HANDOVER_FILE = 'handover.json'

const handoverSchema = z.object({
  format: z.literal(1),
  /** As the tokenizer writes it; one of its special tokens. */
  token: z.string().min(1),
  /** The probability of that token from which on the model hands over, 0 to 1. */
  threshold: z.number().min(0).max(1),
  /** Where the threshold comes from: rows, scores, date. */
  provenance: z.record(z.string(), z.unknown()),
})

export type HandoverFile = Pick<z.infer<typeof handoverSchema>, 'token' | 'threshold'>

/** Says whether a model means to hand over. */
export function hasHandoverFile(folder: string): boolean {
  return existsSync(join(folder, HANDOVER_FILE))
}

/** Returns what the file in a model's folder says, or why it cannot be used, in words for the operator. */
export function readHandoverFile(folder: string): HandoverFile | { readonly reason: string } {
  const path = join(folder, HANDOVER_FILE)
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { reason: `${path} cannot be read or is not JSON` }
  }
  const parsed = handoverSchema.safeParse(value)
  if (parsed.success) return { token: parsed.data.token, threshold: parsed.data.threshold }
  const [issue] = parsed.error.issues
  return { reason: `${path} is no handover of format 1: ${issue?.path.join('.')}: ${issue?.message}` }
}
