/**
 * The client libraries that the end-to-end tests speak to the router with: a package and a lockfile of their own, so
 * that the product does not depend on them. Installed when tests or checks first need them.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDependencies, InstallError } from './bootstrap/install.mjs'
import { ROOT } from './run-command.ts'

/** Installs them where they are missing; returns undefined, or what went wrong. */
export async function installClientPackages(): Promise<string | undefined> {
  const directory = join(ROOT, 'test/clients')
  if (!existsSync(join(directory, 'package.json'))) return undefined
  try {
    await ensureDependencies(directory, {
      say: (line) => console.error(line),
      what: 'the client libraries that tests use',
    })
    return undefined
  } catch (error) {
    if (error instanceof InstallError) return error.message
    throw error
  }
}
