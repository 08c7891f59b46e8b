/**
 * The door of every command: installs what is missing, finds a Node that runs TypeScript, runs a script with it.
 * Plain JavaScript for Node 20 with nothing installed, so that `npm start` works right after `git clone`.
 * Knows nothing of what the scripts do. Usage: node scripts/run.mjs SCRIPT.ts [ARGUMENTS]
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ensureDependencies, InstallError } from './bootstrap/install.mjs'
import { ensureNode } from './bootstrap/node.mjs'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const [script = '', ...args] = process.argv.slice(2)
const stopped = new AbortController()
/** @type {import('node:child_process').ChildProcess | undefined} */
let child

// A terminal sends Ctrl-C to the whole group, a process manager may signal only us: pass it on either way.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    stopped.abort()
    child?.kill(signal)
  })

try {
  if (script === '' || !existsSync(resolve(root, script)))
    throw new InstallError(`There is no script ${script}. Usage: node scripts/run.mjs SCRIPT.ts [ARGUMENTS]`)
  const options = { say: (line) => console.error(line), signal: stopped.signal }
  await ensureDependencies(root, options)
  runWith(await ensureNode(root, options))
} catch (error) {
  if (!stopped.signal.aborted) console.error(error instanceof InstallError ? error.message : error)
  process.exitCode = stopped.signal.aborted ? 130 : 1
}

function runWith(node) {
  if (stopped.signal.aborted) process.exit(130)
  const settings = pathToFileURL(resolve(root, 'scripts/settings/load.ts')).href
  child = spawn(node, ['--import', settings, resolve(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
  })
  child.on('error', (error) => {
    console.error(`${node} cannot be started: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) =>
    process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0)),
  )
}
