/**
 * Writes into a model's folder when it hands over, or by what its answers are verified; what else its handover.json says stays.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { HANDOVER_FILE, type HandoverFile } from '../../inference/engine/handover/handover-file.ts'

const fileSchema = z.looseObject({ format: z.literal(1) })

/**
 * Returns the path of the file.
 * @param part one of both, in the place of what the file said of it
 * @param provenance where the threshold comes from
 * @throws {Error} for a file that is of another format
 */
export function writeHandover(
  folder: string,
  { handover, verification }: HandoverFile,
  provenance: Readonly<Record<string, unknown>>,
): string {
  const path = join(folder, HANDOVER_FILE)
  const before = existsSync(path)
    ? fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    : { format: 1 as const }
  const file = {
    ...before,
    ...(handover && { ...handover, provenance }),
    ...(verification && { verification: { ...verification, provenance } }),
  }
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`)
  return path
}
