/**
 * Reads `.env` and the environment the way every command does: the process wins, empty counts as unset.
 * Does not judge values: edge/config.ts and inference/config.ts do.
 */
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Writes `.env` from `.env.example` where there is none, whole or not at all, and loads it into this process.
 * @returns whether this process has written the file
 * @throws {Error} where it can be neither written nor read, with what to do
 */
export function createSettingsFile(root: string): boolean {
  const file = join(root, '.env')
  const isNew = !existsSync(file) && writeOnce(file, readFileSync(join(root, '.env.example'), 'utf8'))
  // Another start may have written it a moment ago: what is read is what is there, whoever wrote it.
  for (const [name, value] of Object.entries(parseEnv(readSettingsFile(root)))) process.env[name] ??= value
  return isNew
}

function writeOnce(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`
  try {
    writeFileSync(draft, text)
    linkSync(draft, file)
    return true
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EEXIST' && existsSync(file)) return false
    if (code === 'EEXIST')
      throw new Error(`${file} is a link to a file that is not there. Remove the link, or create the file.`)
    if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM')
      throw new Error(
        `${file} cannot be written: this folder is read-only. Copy the repository to one that is not.`,
      )
    throw cause
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Returns the variables of `environment` that have a value. */
export function withoutEmpty(environment: Environment): Record<string, string> {
  const set: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && value.trim() !== '') set[name] = value
  return set
}

/**
 * Returns the environment as it would be had `.env` read `after` instead of `before`: variables that held the file's
 * old value came from it and follow it; all others were set outside and stay.
 */
export function applyChangedFile(environment: Environment, before: string, after: string): Environment {
  const old = parseEnv(before)
  const fresh = parseEnv(after)
  const result: Record<string, string | undefined> = { ...environment }
  for (const [name, value] of Object.entries(old)) if (result[name] === value) delete result[name]
  for (const [name, value] of Object.entries(fresh)) result[name] ??= value
  return result
}

/** Returns the text of `.env`, empty where there is none. */
export function readSettingsFile(root: string): string {
  const file = join(root, '.env')
  // Editors on Windows begin files with a byte order mark, which would become part of the first name.
  return existsSync(file) ? readFileSync(file, 'utf8').replace(/^\uFEFF/, '') : ''
}
