/** The tiny decoder of the fixtures in a folder of its own, with a file by which it hands over. */
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TINY_LLAMA } from './tiny-decoder.ts'

/** A special token of the tiny decoder's, which ends nothing. */
export const TINY_HANDOVER = {
  format: 1,
  token: '<|im_start|>',
  threshold: 0.5,
  provenance: { rows: 'none' },
}

/** Of a part that is there alone. */
export const TINY_VERIFICATION = {
  format: 1,
  verification: {
    measure: 'lowest',
    tasks: ['simple_chat'],
    threshold: 0.5,
    provenance: { rows: 'none' },
  },
}

/** Fills an empty folder. @param file what is written; null: nothing */
export function makeTinyHandover(folder: string, file: object | null): void {
  for (const name of readdirSync(TINY_LLAMA)) symlinkSync(join(TINY_LLAMA, name), join(folder, name))
  if (file !== null) writeFileSync(join(folder, 'handover.json'), JSON.stringify(file))
}
