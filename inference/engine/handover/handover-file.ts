/**
 * The file by which a model says what it leaves to another: with which token its answers begin to what it cannot know or do well,
 * and by which measure an answer shows that it is wrong. Beside the model's own files. Knows no tokenizer and computes no measure.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { SIMPLE_TASKS } from '../../../shared/tasks.ts'

/** Beside a model's files. */
export const HANDOVER_FILE = 'handover.json'

/** Where a threshold comes from: rows, scores, date. */
const provenance = z.record(z.string(), z.unknown())
const threshold = z.number().min(0).max(1)

/** By what an answer is measured (verification.ts). */
export const MEASURE_NAMES = ['lowest', 'mean'] as const

const verificationSchema = z.object({
  measure: z.enum(MEASURE_NAMES),
  /** Where the measure tells wrong answers from right ones; of others it may say the opposite. */
  tasks: z.array(z.enum(SIMPLE_TASKS)).min(1).readonly(),
  /** How surely wrong an answer must be by that measure for the model to decline, 0 to 1. */
  threshold,
  provenance,
})

const handoverSchema = z
  .object({
    format: z.literal(1),
    /** As the tokenizer writes it; one of its special tokens. */
    token: z.string().min(1).optional(),
    /** The probability of that token from which on the model hands over, 0 to 1. */
    threshold: threshold.optional(),
    provenance: provenance.optional(),
    verification: verificationSchema.optional(),
  })
  .superRefine((file, context) => {
    const lacks = (name: 'token' | 'threshold' | 'provenance') => file[name] === undefined
    const parts = (['token', 'threshold', 'provenance'] as const).filter(lacks)
    const verifiesOnly = parts.length === 3 && file.verification !== undefined
    for (const name of verifiesOnly ? [] : parts)
      context.addIssue({ code: 'custom', path: [name], message: 'is missing' })
  })

export type VerificationPart = Pick<z.infer<typeof verificationSchema>, 'measure' | 'tasks' | 'threshold'>

/** Either part may be there alone. */
export type HandoverFile = {
  readonly handover?: { readonly token: string; readonly threshold: number }
  readonly verification?: VerificationPart
}

/** Says whether a model means to leave anything to another. */
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
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { reason: `${path} is no handover of format 1: ${issue?.path.join('.')}: ${issue?.message}` }
  }
  const { token, threshold, verification } = parsed.data
  return {
    ...(token === undefined || threshold === undefined ? {} : { handover: { token, threshold } }),
    ...(verification && { verification: withoutProvenance(verification) }),
  }
}

function withoutProvenance({
  measure,
  tasks,
  threshold,
}: z.infer<typeof verificationSchema>): VerificationPart {
  return { measure, tasks, threshold }
}
