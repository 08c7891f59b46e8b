/** What a Worker weighs: its bundle, its start, its memory. Asks nothing of it by itself. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { WorkerModule } from './worker-config.ts'

export type BundleSize = {
  /** Of the script, bytes. */
  readonly script: number
  readonly scriptGzip: number
  /** Of what lies beside it: the classifier's weights. */
  readonly dataGzip: number
}

/** Returns the size of a bundle in a folder. */
export function bundleSize(folder: string, modules: readonly WorkerModule[]): BundleSize {
  const gzipped = (wanted: WorkerModule['kind']) =>
    modules
      .filter(({ kind }) => kind === wanted)
      .reduce((sum, { name }) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).byteLength, 0)
  const script = modules
    .filter(({ kind }) => kind === 'esModule')
    .reduce((sum, { name }) => sum + readFileSync(join(folder, name)).byteLength, 0)
  return { script, scriptGzip: gzipped('esModule'), dataGzip: gzipped('data') }
}
