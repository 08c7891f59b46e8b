/**
 * The file of a model's activation maxima, measured once and kept beside its graph: each channel's value as 8 bits of its
 * logarithm, which is finer than smoothing can tell. Measures nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { RouterError } from '../../../../shared/errors.ts'
import type { ActivationMaxima } from './int8.ts'

/** Name of the file, beside the graph's. */
export const MAXIMA_FILE = 'activation-maxima.json'

const fileSchema = z.object({
  format: z.literal(1),
  /** Base64 of a byte for each channel. */
  tensors: z.record(z.string(), z.string()),
})

/** Twelve steps an octave, from 2^-12 on. */
const STEPS_PER_OCTAVE = 12
const LOWEST_OCTAVE = -12
const LARGEST_CODE = 255

/** @throws {RouterError} `configuration` for a file of another form */
export function readMaxima(path: string): ActivationMaxima {
  const parsed = fileSchema.safeParse(parseJson(readFileSync(path, 'utf8')))
  if (!parsed.success)
    throw new RouterError(
      'configuration',
      `${path} holds no activation maxima. Remove it, or measure anew: npm run models -- calibrate NAME`,
    )
  return new Map(
    Object.entries(parsed.data.tensors).map(([name, text]) => [
      name,
      Float32Array.from(
        Buffer.from(text, 'base64'),
        (code) => 2 ** (code / STEPS_PER_OCTAVE + LOWEST_OCTAVE),
      ),
    ]),
  )
}

/** Writes the file. */
export function writeMaxima(path: string, maxima: ActivationMaxima): void {
  const tensors = Object.fromEntries(
    [...maxima].map(([name, values]) => [
      name,
      Buffer.from(Uint8Array.from(values, toCode)).toString('base64'),
    ]),
  )
  writeFileSync(path, `${JSON.stringify({ format: 1, tensors }, undefined, 1)}\n`)
}

function toCode(value: number): number {
  const code = Math.round((Math.log2(value) - LOWEST_OCTAVE) * STEPS_PER_OCTAVE)
  return Math.min(LARGEST_CODE, Math.max(0, code))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
