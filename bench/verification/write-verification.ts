/**
 * Writes into a model's folder by what its answers are verified; what else its handover.json says stays.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { HANDOVER_FILE, type VerificationPart } from '../../inference/engine/handover/handover-file.ts'

const fileSchema = z.looseObject({ format: z.literal(1) })

/**
 * Returns the path of the file.
 * @param provenance where the threshold comes from
 * @throws {Error} for a file that is of another format
 */
export function writeVerification(
  folder: string,
  part: VerificationPart,
  provenance: Readonly<Record<string, unknown>>,
): string {
  const path = join(folder, HANDOVER_FILE)
  const before = existsSync(path)
    ? fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    : { format: 1 as const }
  const file = { ...before, verification: { ...part, provenance } }
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`)
  return path
}
