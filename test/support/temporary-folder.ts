/**
 * Folders for one test, removed after it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Returns the path of a new, empty folder. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
