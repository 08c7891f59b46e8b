/**
 * Reads and writes `.env` and merges it into the environment the way every command does: the process wins, empty
 * counts as unset. Does not judge values: edge/config.ts and inference/config.ts do.
 */
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

export type Environment = Readonly<Record<string, string | undefined>>

/** `.env` cannot be read or written; the message says what to change. */
export class SettingsFileError extends Error {}

/** What was set before any command read `.env`: this file is loaded first of all. */
const outside: Environment = { ...process.env }

/**
 * Writes `.env` from `.env.example` where there is none; of two at once, one writes and both find it complete.
 * @returns whether the file was written
 * @throws {SettingsFileError}
 */
export function createSettingsFile(root: string): boolean {
  if (entryExists(join(root, '.env'))) return false
  return writeSettingsFile(root, readFileSync(join(root, '.env.example'), 'utf8'), 'if absent')
}

/**
 * Writes the text of `.env` in one step, readable by its owner only.
 * @returns false where `mode` is `if absent` and somebody else has written it meanwhile
 * @throws {SettingsFileError}
 */
export function writeSettingsFile(root: string, text: string, mode: 'if absent' | 'replace'): boolean {
  const file = join(root, '.env')
  const aside = `${file}.${process.pid}`
  try {
    writeFileSync(aside, text, { mode: 0o600 })
    if (mode === 'replace') renameSync(aside, file)
    else linkSync(aside, file)
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' && mode === 'if absent') return false
    throw new SettingsFileError(
      `${file} cannot be written (${code}). Run this in a copy of the repository that you may write to.`,
    )
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Returns the text of `.env` without a byte order mark, empty where there is none. @throws {SettingsFileError} */
export function readSettingsFile(root: string): string {
  const file = join(root, '.env')
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ENOENT')
      throw new SettingsFileError(`${file} cannot be read (${code}). It must be a file that you may read.`)
    if (!entryExists(file)) return ''
    throw new SettingsFileError(
      `${file} is a link to a file that does not exist. Create that file, or remove the link: rm .env`,
    )
  }
}

/** Returns the environment as it is with the `.env` of now. @throws {SettingsFileError} */
export function readEnvironment(root: string, process: Environment = outside): Environment {
  return { ...parseEnv(readSettingsFile(root)), ...process }
}

/** Returns the variables of `environment` that have a value. */
export function withoutEmpty(environment: Environment): Record<string, string> {
  const set: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && value.trim() !== '') set[name] = value
  return set
}

function entryExists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
