/**
 * Reads `.env` and the environment the way every command does: the process wins, empty counts as unset.
 * Does not judge values: edge/config.ts and inference/config.ts do.
 */
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadEnvFile } from 'node:process'
import { parseEnv } from 'node:util'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Writes `.env` from `.env.example` where there is none and loads it into this process.
 * @returns whether the file was written
 */
export function createSettingsFile(root: string): boolean {
  const file = join(root, '.env')
  if (existsSync(file)) return false
  copyFileSync(join(root, '.env.example'), file)
  loadEnvFile(file)
  return true
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

/** Lists the settings that an example file names, commented ones included. */
export function settingNames(example: string): string[] {
  return [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].flatMap((match) => match[1] ?? [])
}

/** Returns the text of `.env`, empty where there is none. */
export function readSettingsFile(root: string): string {
  const file = join(root, '.env')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
