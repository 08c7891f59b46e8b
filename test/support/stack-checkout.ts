/**
 * The repository's sources in a folder of their own, where `.env` and state may be written, with the dependencies
 * that are installed here. Starts nothing.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './stack.ts'

export type Checkout = {
  readonly folder: string
  readonly write: (path: string, text: string) => void
  readonly remove: () => void
}

const COPIED = [
  'edge',
  'inference',
  'scripts',
  'shared',
  'package.json',
  'package-lock.json',
  'wrangler.toml',
]

/** Returns a checkout in a temporary folder. */
export function createCheckout(): Checkout {
  const folder = mkdtempSync(join(tmpdir(), 'router-checkout-'))
  for (const name of [...COPIED, '.env.example'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'models'), join(folder, 'models'))
  // Links one by one: were npm to tidy up here, it would remove links, never what is installed.
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  return {
    folder,
    write: (path, text) => writeFileSync(join(folder, path), text),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}
