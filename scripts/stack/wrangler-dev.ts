/**
 * How `wrangler dev` is called for the edge: arguments, environment, the private file that carries its settings, and
 * which of its lines are worth showing. Starts nothing.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { formatEnvFile } from '../settings/dotenv.ts'

/** Writes the Worker's settings where only this user can read them; returns the file's path. */
export function writeEdgeSettings(root: string, settings: Readonly<Record<string, string>>): string {
  const folder = join(root, '.wrangler')
  mkdirSync(folder, { recursive: true })
  removeAbandonedSettings(folder)
  const file = join(folder, `settings-${process.pid}.env`)
  writeFileSync(file, formatEnvFile(settings), { mode: 0o600 })
  return file
}

/** Returns the arguments for the running Node: settings are in a file because command lines are public. */
export function wranglerArguments(root: string, port: number, settingsFile: string): string[] {
  return [
    join(root, 'node_modules/wrangler/bin/wrangler.js'),
    'dev',
    '--ip=127.0.0.1',
    `--port=${port}`,
    `--env-file=${settingsFile}`,
    `--persist-to=${join(root, '.wrangler/state')}`,
    // 0: any free port, so that two instances do not meet on the debugger's.
    '--inspector-port=0',
    '--show-interactive-dev-session=false',
  ]
}

/** Returns wrangler's environment: ours without the Worker's settings, without telemetry, colours and questions. */
export function wranglerEnvironment(
  environment: Readonly<Record<string, string>>,
  edgeSettingNames: readonly string[],
): Record<string, string> {
  const result: Record<string, string> = {
    ...environment,
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    NO_COLOR: '1',
    CI: 'true',
  }
  for (const name of edgeSettingNames) delete result[name]
  delete result.FORCE_COLOR
  return result
}

/** What wrangler says about itself while all is well. */
const NOISE = [
  /^\s*$/,
  /^\[wrangler:info\]/,
  /^Cloudflare collects anonymous telemetry/,
  /^Using (secrets|vars) defined in/,
  /^Your Worker( and resources)? ha(s|ve) access to/,
  /^Binding\s+Resource/,
  /^env\.\w+/,
  /^⎔ /u,
  /^🪵/u,
]

/** Returns a line of wrangler as a person should see it, or undefined where it says nothing. */
export function readableEdgeLine(line: string): string | undefined {
  // wrangler colours errors even under NO_COLOR.
  const plain = stripVTControlCharacters(line)
  if (NOISE.some((noise) => noise.test(plain))) return undefined
  // console.error in the Worker comes as wrangler's own kind of error; a log line is the same at every level.
  return plain.replace(/^\s*(?:✘ \[ERROR\]|▲ \[WARNING\]) (?=\[Router\]|\{")/u, '')
}

// A start that was ended by SIGKILL could not remove its file.
function removeAbandonedSettings(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(/^settings-(\d+)\.env$/.exec(name)?.[1])
    if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(folder, name), { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
