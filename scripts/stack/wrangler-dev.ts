/**
 * How `wrangler dev` is called for the edge: arguments, environment, and which of its lines are worth showing.
 * Starts nothing.
 */

import { devNull } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** Returns the arguments for the running Node; settings are in the environment, because command lines are public. */
export function wranglerArguments(root: string, port: number, stateFolder: string): string[] {
  return [
    join(root, 'node_modules/wrangler/bin/wrangler.js'),
    'dev',
    '--ip=127.0.0.1',
    `--port=${port}`,
    // In place of .dev.vars and .env, whose reader would expand `$` and cannot hold every value.
    `--env-file=${devNull}`,
    `--persist-to=${stateFolder}`,
    // 0: any free port, so that two instances do not meet on the debugger's.
    '--inspector-port=0',
    '--show-interactive-dev-session=false',
  ]
}

/**
 * Returns wrangler's environment, which becomes the Worker's as well: ours with exactly these settings of the edge,
 * without telemetry, colours and questions.
 */
export function wranglerEnvironment(
  environment: Readonly<Record<string, string>>,
  edgeSettingNames: readonly string[],
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  const result: Record<string, string> = { ...environment }
  for (const name of [...edgeSettingNames, 'FORCE_COLOR']) delete result[name]
  return {
    ...result,
    ...settings,
    CLOUDFLARE_INCLUDE_PROCESS_ENV: 'true',
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    NO_COLOR: '1',
    CI: 'true',
  }
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
  /^\[custom build\] Running: /,
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
