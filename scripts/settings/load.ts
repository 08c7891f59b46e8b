/**
 * Preloaded into every command by run.mjs: puts `.env` into the process's environment.
 */
import { resolve } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { readEnvironment, SettingsFileError } from './environment.ts'

if (isMainThread)
  try {
    Object.assign(process.env, readEnvironment(resolve(import.meta.dirname, '../..')))
  } catch (error) {
    if (!(error instanceof SettingsFileError)) throw error
    console.error(error.message)
    process.exit(1)
  }
