/**
 * The trained classifier as a value and as a file: a header in JSON, then the tables. Reads and writes no file itself.
 */
import * as z from 'zod/mini'
import { TASKS, type Task } from '../../../shared/tasks.ts'
import type { LinearHead } from './linear-head.ts'

export type ClassifierModel = {
  /** One output: how surely complex, calibrated. */
  readonly complexity: LinearHead
  /** One output: how surely a wrong answer could do harm. */
  readonly sensitivity: LinearHead
  readonly task: LinearHead
  /** Names of the task head's outputs. */
  readonly tasks: readonly Task[]
  readonly language: LinearHead
  /** Codes such as `en`: names of the language head's outputs. */
  readonly languages: readonly string[]
  /**
   * What keeps how many complex requests away from the local model, on sources left out of training: pairs of a share and
   * the score from which a request must count as complex, ascending.
   */
  readonly recalls: readonly (readonly [recall: number, threshold: number])[]
  /** Score from which a request counts as sensitive. */
  readonly sensitiveFrom: number
  /** What it was trained on, how and when. */
  readonly provenance: unknown
}

const MAGIC = 'ULFC'
/** Bytes in front of the header: `MAGIC`, and the header's length. */
const PREAMBLE = 8
const FORMAT = 1

const headSchema = z.object({
  bits: z.int().check(z.minimum(1), z.maximum(18)),
  // None of languages, where the rows have named none.
  outputs: z.int().check(z.minimum(0), z.maximum(64)),
  places: z.int(),
  scale: z.number(),
  biases: z.readonly(z.array(z.number())),
})
const headerSchema = z.object({
  format: z.literal(FORMAT),
  checksum: z.int(),
  heads: z.tuple([headSchema, headSchema, headSchema, headSchema]),
  tasks: z.readonly(z.array(z.enum(TASKS))),
  languages: z.readonly(z.array(z.string())),
  recalls: z.readonly(z.array(z.readonly(z.tuple([z.number(), z.number()])))),
  sensitiveFrom: z.number(),
  provenance: z.unknown(),
})

/** Returns the file. */
export function encodeClassifier(model: ClassifierModel): Uint8Array {
  const heads = headsOf(model)
  const tables = concatenate(heads.map(({ weights }) => weights))
  const { tasks, languages, recalls, sensitiveFrom, provenance } = model
  const described = heads.map(({ weights: _weights, ...rest }) => rest)
  const header = new TextEncoder().encode(
    JSON.stringify({
      format: FORMAT,
      checksum: checksumOf(tables),
      heads: described,
      tasks,
      languages,
      recalls,
      sensitiveFrom,
      provenance,
    }),
  )
  const file = new Uint8Array(PREAMBLE + header.length + tables.length)
  file.set(new TextEncoder().encode(MAGIC))
  new DataView(file.buffer).setUint32(4, header.length, true)
  file.set(header, PREAMBLE)
  file.set(tables, PREAMBLE + header.length)
  return file
}

/**
 * Returns the model in a file.
 * @throws {TypeError} for a file that is damaged or of another format, saying which
 */
export function decodeClassifier(file: Uint8Array): ClassifierModel {
  if (file.length < PREAMBLE || new TextDecoder().decode(file.subarray(0, 4)) !== MAGIC)
    throw new TypeError('The classifier’s weights are no file of `npm run train-router`.')
  const length = new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(4, true)
  const tables = file.subarray(PREAMBLE + length)
  const header = readHeader(file.subarray(PREAMBLE, PREAMBLE + length))
  if (header === undefined)
    throw new TypeError(
      'The classifier’s weights are of another format. Train them anew: npm run train-router.',
    )
  const size = header.heads.reduce((sum, { bits, outputs }) => sum + (outputs << bits), 0)
  if (tables.length !== size || checksumOf(tables) !== header.checksum)
    throw new TypeError('The classifier’s weights are damaged. Train them anew: npm run train-router.')
  let from = 0
  const [complexity, sensitivity, task, language] = header.heads.map((head): LinearHead => {
    const end = from + (head.outputs << head.bits)
    const weights = new Int8Array(tables.buffer, tables.byteOffset + from, end - from)
    from = end
    return { ...head, weights }
  })
  if (!complexity || !sensitivity || !task || !language) throw new TypeError('The classifier lacks a head.')
  const { tasks, languages, recalls, sensitiveFrom, provenance } = header
  return { complexity, sensitivity, task, language, tasks, languages, recalls, sensitiveFrom, provenance }
}

function headsOf({ complexity, sensitivity, task, language }: ClassifierModel): readonly LinearHead[] {
  return [complexity, sensitivity, task, language]
}

function readHeader(bytes: Uint8Array): z.infer<typeof headerSchema> | undefined {
  try {
    const parsed = headerSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function concatenate(tables: readonly Int8Array[]): Uint8Array {
  const whole = new Uint8Array(tables.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const table of tables) {
    whole.set(new Uint8Array(table.buffer, table.byteOffset, table.length), at)
    at += table.length
  }
  return whole
}

/** FNV-1a, 32 bits: tells damage, which is all it is for, within a millisecond of start-up. */
function checksumOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash >>> 0
}
