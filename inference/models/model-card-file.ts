/**
 * The model card that an exam wrote beside a model's files: what it holds, and how it is read. Holds no exam itself.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { type ModelCard, readModelCard } from '../../shared/model-card.ts'
import { readJson } from './files.ts'

const MODEL_CARD_FILE = 'model-card.json'
const FORMAT = 1

const kindSchema = z.object({
  items: z.int(),
  passed: z.int(),
  /** Lower bound of the share that passed, 95 % interval. */
  lowerBound: z.number(),
  trusted: z.boolean(),
})
const fileSchema = z.object({
  format: z.literal(FORMAT),
  model: z.string(),
  /** What the linear layers computed with, such as `int8`. */
  weights: z.string(),
  /** Of the ONNX file that was examined; null where a model's weights stand in files of their own. */
  graphSha256: z.nullable(z.string()),
  /** Day of the exam, as 2026-11-30. */
  examined: z.string(),
  kinds: z.record(z.string(), kindSchema),
  card: z.unknown(),
})
export type ExaminedCard = Readonly<Omit<z.infer<typeof fileSchema>, 'format' | 'card'>> & {
  readonly card: ModelCard
}

/** Returns the path of a model's card, whether there is one or not. */
export function modelCardPath(folder: string): string {
  return join(folder, MODEL_CARD_FILE)
}

/** Returns the text of the file. */
export function encodeModelCard(examined: ExaminedCard): string {
  return `${JSON.stringify({ format: FORMAT, ...examined }, null, 2)}\n`
}

/**
 * Returns the card beside a model's files, undefined where there is none. One that cannot be read trusts with nothing, as one
 * that a server reports.
 */
export function readCardFile(folder: string): ModelCard | undefined {
  const path = modelCardPath(folder)
  if (!existsSync(path)) return undefined
  return readModelCard(cardIn(path) ?? 'unreadable')
}

function cardIn(path: string): unknown {
  try {
    return fileSchema.safeParse(readJson(path)).data?.card
  } catch {
    return undefined
  }
}
