/**
 * Writes into a model's folder when it hands over, or by what its answers are verified; what else its handover.json says stays.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { HANDOVER_FILE, type HandoverFile } from '../../inference/engine/handover/handover-file.ts'

const fileSchema = z.looseObject({ format: z.literal(1) })
type File = z.infer<typeof fileSchema>

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
  write(path, {
    ...(read(path) ?? { format: 1 }),
    ...(handover && { ...handover, provenance }),
    ...(verification && { verification: { ...verification, provenance } }),
  })
  return path
}

/**
 * Takes out when a model hands over, or by what its answers are verified, where that tells nothing: what was chosen on other
 * weights would be used on.
 * @throws {Error} for a file that is of another format
 */
export function removeFromHandover(folder: string, part: keyof HandoverFile): void {
  const path = join(folder, HANDOVER_FILE)
  const before = read(path)
  if (before === undefined) return
  const { token, threshold, provenance, verification, ...left } = before
  const kept =
    part === 'handover'
      ? { ...left, ...(verification !== undefined && { verification }) }
      : { ...left, ...(token !== undefined && { token, threshold, provenance }) }
  if (Object.keys(kept).length > 1) write(path, kept)
  else rmSync(path)
}

function read(path: string): File | undefined {
  return existsSync(path) ? fileSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined
}

function write(path: string, file: File): void {
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`)
}
