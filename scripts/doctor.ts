/**
 * `npm run doctor`: looks at everything the router needs here and prints each fault with its fix.
 * `--json` prints the findings for programs, `--offline` asks nothing beyond this machine. Exit code 1 where something
 * has failed; warnings alone are 0.
 */
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs, parseEnv } from 'node:util'
import { SETTING_NAMES } from '../edge/config.ts'
import { VERSION } from '../edge/version.ts'
import type { InferenceConfig } from '../inference/config.ts'
import { availableMemory, machineMemory } from '../inference/models/memory.ts'
import { estimateJudgeMemory } from '../inference/models/prepare-judge.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { createAsk } from './ask.ts'
import { isInstalled } from './bootstrap/install.mjs'
import { checkEdge } from './doctor/edge-check.ts'
import { examine } from './doctor/examination.ts'
import type { Finding } from './doctor/finding.ts'
import { routerAddress } from './router-address.ts'
import { ROOT } from './run-command.ts'
import { readSettingsFile } from './settings/environment.ts'
import { unreadNameNotes } from './settings/unread-names.ts'
import { portProblem } from './stack/ports.ts'

const USAGE = `Usage: npm run doctor -- [--json] [--offline] [--url URL]

  --json      findings for programs: {"ok", "findings": [{"name", "status", "detail", "fix"}]}
  --offline   ask nothing beyond this machine: neither Claude nor a container elsewhere
  --url       looks at a running edge elsewhere, and at nothing else; ADMIN_KEY of .env or the environment is sent there
  --help      this text

Exit code 1 where something has failed; with warnings alone 0.`

/** A server that is well answers much sooner; nobody waits longer for a check, ms. */
const ANSWER_TIMEOUT_MS = 5_000
const MARKS = { ok: 'ok  ', warning: 'WARN', failed: 'FAIL' } as const

const options = readArguments()
const settingsFile = readSettingsFile(ROOT)
const hasSettingsFile = existsSync(join(ROOT, '.env'))
const example = readFileSync(join(ROOT, '.env.example'), 'utf8')
const ask = createAsk(fetch, ANSWER_TIMEOUT_MS)
const findings = options.url === undefined ? await examineHere() : await examineElsewhere(options.url)

const healthy = findings.every(({ status }) => status !== 'failed')
if (options.json === true) console.log(JSON.stringify({ ok: healthy, findings }, null, 2))
else for (const finding of findings) console.log(lineOf(finding))
process.exitCode = healthy ? 0 : 1

function examineHere(): Promise<Finding[]> {
  const disk = statfsSync(ROOT)
  return examine({
    nodeVersion: process.versions.node,
    environment: { ...parseEnv(hasSettingsFile ? '' : example), ...process.env },
    edgeSettingNames: SETTING_NAMES,
    hasSettingsFile,
    unreadNames: unreadNameNotes(settingsFile),
    dependenciesInstalled: isInstalled(ROOT),
    portProblem: (wanted) => portProblem(wanted, ask),
    ask,
    offline: options.offline === true,
    cores: availableParallelism(),
    readModel,
    freeMemoryBytes: availableMemory(machineMemory),
    freeDiskBytes: disk.bavail * disk.bsize,
    now: Date.now(),
  })
}

async function examineElsewhere(url: string): Promise<Finding[]> {
  try {
    return await checkEdge(routerAddress(process.env, url), { ask, now: Date.now(), version: VERSION })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}

function lineOf({ name, status, detail, fix }: Finding): string {
  return `${MARKS[status]} ${name}: ${detail}${fix === undefined ? '' : `\n     → ${fix}`}`
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean' },
        offline: { type: 'boolean' },
        url: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help !== true) return values
    console.log(USAGE)
    process.exit(0)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    process.exit(2)
  }
}

function readModel(config: InferenceConfig) {
  const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
  const model = resolveModel(config.modelName, places, config.dtype)
  const { info, memoryBytes } = model
  const judgeMemoryBytes = estimateJudgeMemory(model, config.judgeModel, places)
  return { name: `${info.name} (${info.dtype})`, memoryBytes, judgeMemoryBytes }
}
