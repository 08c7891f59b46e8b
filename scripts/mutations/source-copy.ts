/**
 * A copy of the checkout in a temporary folder, in which sources may be broken: what can be edited is copied, all else linked.
 * The checkout itself is never written to.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../run-command.ts'
import { type Edit, editedText } from './edited-text.ts'

export type SourceCopy = {
  readonly folder: string
  /** Does the work with one file edited, and puts the file back. @throws {Error} if the edit does not apply */
  readonly withEdit: <T>(edit: Edit, work: () => Promise<T>) => Promise<T>
  readonly remove: () => void
}

const COPIED: ReadonlySet<string> = new Set(['edge', 'inference', 'llm', 'scripts', 'shared', 'test'])
/** State of this checkout's own tools. */
const LEFT_OUT = /^\.(git|wrangler|cache|vite.*|env)$/

/** Returns the copy. */
export function createSourceCopy(): SourceCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'router-mutations-')))
  for (const name of readdirSync(ROOT).filter((each) => !LEFT_OUT.test(each) && each !== 'node_modules')) {
    const from = join(ROOT, name)
    if (COPIED.has(name))
      cpSync(from, join(folder, name), { recursive: true, filter: (path) => !path.endsWith('node_modules') })
    else if (statSync(from).isDirectory()) symlinkSync(from, join(folder, name))
    else cpSync(from, join(folder, name))
  }
  // Links one by one: tools keep what they remember in a folder of node_modules.
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(join(ROOT, 'node_modules')).filter((each) => !LEFT_OUT.test(each)))
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  return {
    folder,
    async withEdit(edit, work) {
      const path = join(folder, edit.file)
      const text = readFileSync(path, 'utf8')
      writeFileSync(path, editedText(text, edit))
      try {
        return await work()
      } finally {
        writeFileSync(path, text)
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}
