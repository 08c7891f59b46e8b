/**
 * `npm run doctor`: looks at everything the router needs here and prints each fault with its fix.
 * `--json` prints the findings for programs. Exit code 1 where something has failed; warnings alone are 0.
 */
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { SETTING_NAMES } from '../edge/config.ts'
import type { InferenceConfig } from '../inference/config.ts'
import { availableMemory, machineMemory } from '../inference/memory.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/resolve-model.ts'
import { isInstalled } from './bootstrap/install.mjs'
import { examine, type Finding } from './doctor/examination.ts'
import { ROOT } from './run-command.ts'
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
  cores: availableParallelism(),
  readModel,
  freeMemoryBytes: availableMemory(machineMemory),
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

function readModel(config: InferenceConfig) {
  const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
  const { info, memoryBytes } = resolveModel(config.modelName, places, config.dtype)
  return { name: `${info.name} (${info.dtype})`, memoryBytes }
}
