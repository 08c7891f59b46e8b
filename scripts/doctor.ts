/**
 * `npm run doctor`: looks at everything the router needs here and prints each fault with its fix.
 * `--json` prints the findings for programs. Exit code 1 where something has failed; warnings alone are 0.
 */
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { freemem } from 'node:os'
import { join, resolve } from 'node:path'
import { availableMemory } from 'node:process'
import { parseEnv } from 'node:util'
import { SETTING_NAMES } from '../edge/config.ts'
import { isInstalled } from './bootstrap/install.mjs'
import { examine, type Finding } from './doctor/examination.ts'
import { ROOT } from './run-command.ts'
import { withoutEmpty } from './settings/environment.ts'
import { portProblem } from './stack/ports.ts'

const ANSWER_TIMEOUT_MS = 3_000
const MARKS = { ok: 'ok  ', warning: 'WARN', failed: 'FAIL' } as const

const hasSettingsFile = existsSync(join(ROOT, '.env'))
const disk = statfsSync(ROOT)
const findings = await examine({
  nodeVersion: process.versions.node,
  environment: {
    ...parseEnv(hasSettingsFile ? '' : readFileSync(join(ROOT, '.env.example'), 'utf8')),
    ...process.env,
  },
  edgeSettingNames: SETTING_NAMES,
  hasSettingsFile,
  dependenciesInstalled: isInstalled(ROOT),
  portProblem,
  statusOf,
  modelBytes: modelBytes(),
  freeMemoryBytes: Math.max(freemem(), availableMemory()),
  freeDiskBytes: disk.bavail * disk.bsize,
})
const healthy = findings.every(({ status }) => status !== 'failed')
if (process.argv.includes('--json')) console.log(JSON.stringify({ ok: healthy, findings }, null, 2))
else for (const finding of findings) console.log(lineOf(finding))
process.exitCode = healthy ? 0 : 1

function lineOf({ name, status, detail, fix }: Finding): string {
  return `${MARKS[status]} ${name}: ${detail}${fix === undefined ? '' : `\n     → ${fix}`}`
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
    await response.body?.cancel()
    return response.status
  } catch {
    return undefined
  }
}

// The model that ships with the repository, a folder, or a repository's name inside the cache folder.
function modelBytes(): number | undefined {
  const { LOCAL_MODEL_NAME: name, MODEL_CACHE_DIR: cache = './.cache/models' } = withoutEmpty(process.env)
  const candidates = name === undefined ? ['models'] : [name, join('models', name), join(cache, name)]
  const folder = candidates.map((path) => resolve(ROOT, path)).find((path) => existsSync(path))
  if (folder === undefined) return undefined
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => statSync(join(folder, path)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0)
}
