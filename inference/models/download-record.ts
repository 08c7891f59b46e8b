/**
 * What was downloaded into a folder: of which commit, with which digests. Later downloads are of the same commit, and a
 * file that has changed since is told from one that has not. Says nothing about files that were put there by hand.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { makeFolder } from './make-folder.ts'

const RECORD = 'download.json'

const recordSchema = z.object({ revision: z.string(), sha256: z.record(z.string(), z.string()) })

export type DownloadRecord = Readonly<z.infer<typeof recordSchema>>

/** Returns the folder's record, undefined where there is none that can be read. */
export function readRecord(folder: string): DownloadRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(readFileSync(join(folder, RECORD), 'utf8'))).data
  } catch {
    return undefined
  }
}

/** Adds a file's digest, so that a download that is interrupted afterwards goes on with the same commit. */
export function recordFile(folder: string, revision: string, file: string, sha256: string): void {
  const kept = readRecord(folder)
  const others = kept?.revision === revision ? kept.sha256 : {}
  const record = { revision, sha256: { ...others, [file]: sha256 } }
  makeFolder(folder)
  writeFileSync(join(folder, `${RECORD}.part`), `${JSON.stringify(record, null, 2)}\n`)
  renameSync(join(folder, `${RECORD}.part`), join(folder, RECORD))
}
