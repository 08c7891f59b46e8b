/**
 * The model card that an exam wrote beside a model's files: what it holds, and how it is read. Holds no exam itself.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { type ModelCard, readModelCard, uniformTrust } from '../../shared/model-card.ts'
import { readJson } from './files.ts'
import { digestFile } from './verify.ts'

const MODEL_CARD_FILE = 'model-card.json'
const FORMAT = 1
const OTHER_WEIGHTS = 'its model-card.json is of other weights: npm run exam -- --write'

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
  return readModelCard(parseFile(path)?.card ?? 'unreadable')
}

/** Returns what a model passed by kind; an empty list where no exam says it. */
export function examinedKinds(
  folder: string,
): readonly (z.infer<typeof kindSchema> & { readonly kind: string })[] {
  const path = modelCardPath(folder)
  const kinds = existsSync(path) ? parseFile(path)?.kinds : undefined
  return Object.entries(kinds ?? {}).map(([kind, counts]) => ({ kind, ...counts }))
}

/**
 * Returns the card once it is known of which weights the card is: one that was measured on others trusts with nothing.
 * @param graphFile the ONNX file that is loaded; undefined where weights stand in files of their own, of which nothing is known
 */
export async function readFittingCard(
  folder: string,
  graphFile: string | undefined,
): Promise<ModelCard | undefined> {
  const card = readCardFile(folder)
  const examined = card && parseFile(modelCardPath(folder))
  if (!card || !examined) return card
  const loaded = graphFile === undefined ? null : await digestFile(graphFile, 'sha256')
  return loaded === examined.graphSha256
    ? card
    : { ...card, trust: uniformTrust('none'), exam: OTHER_WEIGHTS }
}

function parseFile(path: string): z.infer<typeof fileSchema> | undefined {
  try {
    return fileSchema.safeParse(readJson(path)).data
  } catch {
    return undefined
  }
}
