/**
 * Makes a folder and those above it. Node's own `recursive` never returns where a file system has the folder above and lets
 * nobody make one in it (/proc, some network mounts). Deletes nothing.
 */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes what is missing of the path; a folder that is there is left as it is.
 * @throws {Error} the file system's own, with its code
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return
  const above = dirname(path)
  if (above !== path) makeFolder(above)
  try {
    mkdirSync(path)
  } catch (error) {
    // Another process may have been faster.
    if (!isFolder(path)) throw error
  }
}

/** Says whether there is a folder at the path. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
