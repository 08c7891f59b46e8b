/**
 * The head of a judge: a linear function of a model's states that says how surely complex a request is, with all that must
 * be known to apply it. Kept in one small file beside the model's own, made for one graph. Reads no states.
 */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { logistic } from '../../../shared/logistic.ts'
import { digestFile } from '../../models/verify.ts'

/** Beside a model's files. */
export const JUDGE_FILE = 'judge.json'

/** Over the positions of the last user turn up to the prompt's end: the last one, the mean of all, the one where the turn has ended. */
export const POOLS = ['last', 'mean', 'turn_end'] as const
const poolSchema = z.enum(POOLS)

/** What of a model's states is read for a judgement. */
export type JudgeFeatures = {
  /** Names of the tensors, in the order of the layers; of a decoder, the graph is cut behind the last one. */
  readonly tensors: readonly string[]
  readonly pools: readonly z.infer<typeof poolSchema>[]
  /** Tokens of the longest prompt that is read as it is; of a longer one, so many of its beginning and of its end are. */
  readonly longest: { readonly head: number; readonly tail: number }
}

export type JudgeHead = JudgeFeatures & {
  readonly hiddenSize: number
  /** [tensors, pools, hiddenSize]; standardisation and calibration are in them and in the bias. */
  readonly weights: Float32Array
  readonly bias: number
  /** Of the weights' bytes. */
  readonly sha256: string
}

const positive = z.int().positive()
const digest = z.string().regex(/^[0-9a-f]{64}$/)
const headSchema = z.object({
  format: z.literal(1),
  /** Of the exported graph that the head was made for. */
  graphSha256: digest,
  tensors: z.array(z.string().min(1)).min(1),
  pools: z.array(poolSchema).min(1),
  hiddenSize: positive,
  longest: z.object({ head: positive, tail: positive }),
  /** Base64 of 32-bit floats, little-endian. */
  weights: z.base64(),
  bias: z.number(),
  sha256: digest,
  /** Where it comes from: rows, licences, scores. */
  provenance: z.record(z.string(), z.unknown()),
})

/** Returns where a model's head is, if it has one; undefined for a model without. */
export function judgeFileOf(folder: string): string | undefined {
  const path = join(folder, JUDGE_FILE)
  return existsSync(path) ? path : undefined
}

/**
 * Reads a head.
 * @param source absolute path of the exported graph that it must have been made for; absent: that was looked at before
 * @returns the head, or why it cannot be used, in words for the operator
 */
export async function readJudgeHead(path: string, source?: string): Promise<JudgeHead | { reason: string }> {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { reason: `${path} cannot be read or is not JSON` }
  }
  const parsed = headSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { reason: `${path} is no judge of format 1: ${issue?.path.join('.')}: ${issue?.message}` }
  }
  const { graphSha256, weights: text, provenance: _, format: __, ...rest } = parsed.data
  const bytes = Buffer.from(text, 'base64')
  const count = rest.tensors.length * rest.pools.length * rest.hiddenSize
  if (bytes.length !== count * Float32Array.BYTES_PER_ELEMENT || sha256Of(bytes) !== rest.sha256)
    return { reason: `${path} is damaged: its weights are not those that were written` }
  if (source !== undefined && graphSha256 !== (await digestFile(source, 'sha256')))
    return { reason: `${path} was made for another graph than ${source}` }
  const weights = Float32Array.from({ length: count }, (_item, index) => bytes.readFloatLE(index * 4))
  if (!weights.every(Number.isFinite)) return { reason: `${path} is damaged: a weight is no number` }
  return { ...rest, weights }
}

/** Returns the file's text. */
export function writeJudgeHead(
  head: Omit<JudgeHead, 'sha256'>,
  about: { readonly graphSha256: string; readonly provenance: Readonly<Record<string, unknown>> },
): string {
  const { weights, ...rest } = head
  const bytes = Buffer.alloc(weights.length * Float32Array.BYTES_PER_ELEMENT)
  for (const [index, weight] of weights.entries()) bytes.writeFloatLE(weight, index * 4)
  const { tensors, pools, hiddenSize, longest, bias } = rest
  const { graphSha256, provenance } = about
  const file: z.infer<typeof headSchema> = {
    format: 1,
    graphSha256,
    tensors: [...tensors],
    pools: [...pools],
    hiddenSize,
    longest,
    weights: bytes.toString('base64'),
    bias,
    sha256: sha256Of(bytes),
    provenance,
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/**
 * Returns how surely complex a request is, 0 to 1.
 * @param features as many as the head has weights
 */
export function scoreOf(
  { weights, bias }: Pick<JudgeHead, 'weights' | 'bias'>,
  features: Float32Array,
): number {
  if (features.length !== weights.length)
    throw new RangeError(`The judge reads ${weights.length} numbers, the model gave ${features.length}.`)
  let logit = bias
  for (let index = 0; index < weights.length; index++)
    logit += (weights[index] as number) * (features[index] as number)
  return logistic(logit)
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
