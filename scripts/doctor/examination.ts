/**
 * The checks of `npm run doctor`, each a finding with its fix. Reads; changes nothing and prints nothing.
 * Effects come in through `DoctorDeps`, so that every finding can be provoked in a test.
 */
import { readConfig } from '../../edge/config.ts'
import { type InferenceConfig, readInferenceConfig } from '../../inference/config.ts'
import { runsTypeScript } from '../bootstrap/node.mjs'
import { type Environment, withoutEmpty } from '../settings/environment.ts'
import { readStackSettings, type StackSettings } from '../stack/stack-settings.ts'

export type Finding = {
  readonly name: string
  /** `warning`: the router works, with less than it could. */
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
  /** What to do; absent where nothing has to be done. */
  readonly fix?: string
}

export type DoctorDeps = {
  readonly nodeVersion: string
  readonly environment: Environment
  readonly edgeSettingNames: readonly string[]
  readonly hasSettingsFile: boolean
  readonly dependenciesInstalled: boolean
  /** Undefined where the port is free. */
  readonly portProblem: (port: number, setting: string) => Promise<string | undefined>
  /** The HTTP status of a GET, undefined where nothing answers. */
  readonly statusOf: (url: string) => Promise<number | undefined>
  readonly cores: number
  /** Reads the chosen model from disk; throws with a message for people where it is not there or cannot be used. */
  readonly readModel: (config: InferenceConfig) => { readonly name: string; readonly memoryBytes: number }
  readonly freeMemoryBytes: number
  readonly freeDiskBytes: number
}

const MIB = 1024 * 1024
/** Room for another model and for wrangler's state, MiB. */
const DISK_NEEDED_MIB = 1024

/** Returns all findings in the order in which a person should read them. */
export async function examine(deps: DoctorDeps): Promise<Finding[]> {
  const findings = [checkNode(deps), checkDependencies(deps), checkSettingsFile(deps)]
  const settings = stackSettings(deps)
  if (typeof settings === 'string')
    return [...findings, failed('settings', settings, 'Correct the value in .env or in the environment.')]
  const running = (await deps.statusOf(`http://127.0.0.1:${settings.routerPort}/healthz`)) !== undefined
  findings.push(await checkEdgeSettings(settings), checkKey(deps), await checkPort(deps, settings, running))
  if (settings.noContainer !== undefined)
    findings.push({ name: 'container', status: 'ok', detail: `not started: ${settings.noContainer}` })
  if (settings.noContainer === undefined || settings.noContainer.startsWith('LOCAL_LLM_URL'))
    findings.push(await checkContainer(deps, settings, running))
  if (settings.noContainer === undefined) findings.push(checkModel(deps, settings))
  return [...findings, checkDisk(deps)]
}

function checkNode({ nodeVersion }: DoctorDeps): Finding {
  if (runsTypeScript(nodeVersion)) return { name: 'node', status: 'ok', detail: nodeVersion }
  return failed(
    'node',
    `${nodeVersion} cannot run TypeScript`,
    'Run commands with npm (npm run doctor), or use Node 24.',
  )
}

function checkDependencies({ dependenciesInstalled }: DoctorDeps): Finding {
  if (dependenciesInstalled) return { name: 'dependencies', status: 'ok', detail: 'as in package-lock.json' }
  return failed('dependencies', 'node_modules does not match package-lock.json', 'npm ci')
}

function checkSettingsFile({ hasSettingsFile }: DoctorDeps): Finding {
  const detail = hasSettingsFile ? 'present' : 'not there yet; npm start writes it from .env.example'
  return { name: '.env', status: 'ok', detail }
}

async function checkEdgeSettings(settings: StackSettings): Promise<Finding> {
  const result = await readConfig(settings.edge)
  if (result.ok) return { name: 'settings', status: 'ok', detail: `strategy ${result.config.strategy}` }
  return failed('settings', result.problems.join('; '), 'Correct them in .env; .env.example explains each.')
}

function checkKey({ environment }: DoctorDeps): Finding {
  const { ANTHROPIC_API_KEY: key, CLAUDE_KEY_SOURCE: source } = withoutEmpty(environment)
  if (source === 'client') return { name: 'Claude key', status: 'ok', detail: "each caller's own" }
  if (key === undefined)
    return {
      name: 'Claude key',
      status: 'warning',
      detail: 'ANTHROPIC_API_KEY is not set: complex requests get a 503',
      fix: 'Set it in .env; keys are made at https://platform.claude.com',
    }
  if (/^sk-ant-[\w-]{10,}$/.test(key)) return { name: 'Claude key', status: 'ok', detail: 'set' }
  return {
    name: 'Claude key',
    status: 'warning',
    detail: 'ANTHROPIC_API_KEY does not look like a key of Anthropic (sk-ant-…)',
    fix: 'Copy it again, without quotes or spaces. Ignore this for another provider’s ANTHROPIC_BASE_URL.',
  }
}

async function checkPort(deps: DoctorDeps, settings: StackSettings, running: boolean): Promise<Finding> {
  if (running)
    return { name: 'ports', status: 'ok', detail: `something answers on ${settings.routerPort}: running` }
  const problems = await Promise.all([
    deps.portProblem(settings.routerPort, 'ROUTER_PORT'),
    settings.noContainer === undefined
      ? deps.portProblem(settings.inferencePort, 'INFERENCE_PORT')
      : undefined,
  ])
  const problem = problems.find((one) => one !== undefined)
  if (problem === undefined)
    return {
      name: 'ports',
      status: 'ok',
      detail: `${settings.routerPort} and ${settings.inferencePort} are free`,
    }
  return failed('ports', problem, 'See there.')
}

async function checkContainer(deps: DoctorDeps, settings: StackSettings, running: boolean): Promise<Finding> {
  const urls = (settings.edge.LOCAL_LLM_URL ?? '').split(',').map((url) => url.trim().replace(/\/+$/, ''))
  const states = await Promise.all(urls.map((url) => deps.statusOf(`${url}/readyz`)))
  if (states.includes(200)) return { name: 'container', status: 'ok', detail: 'ready' }
  if (!running && settings.noContainer === undefined)
    return { name: 'container', status: 'ok', detail: 'not running; npm start starts it' }
  if (states.every((status) => status === undefined))
    return failed(
      'container',
      'does not answer',
      'Read its log; on Render a free instance takes a minute to wake.',
    )
  return failed(
    'container',
    'answers, but is not ready',
    'Wait until the model is loaded, then read its log.',
  )
}

function checkModel(deps: DoctorDeps, settings: StackSettings): Finding {
  let config: InferenceConfig
  try {
    config = readInferenceConfig(settings.container, deps.cores)
  } catch (error) {
    return failed('model', messageOf(error), 'Correct them in .env; .env.example explains each.')
  }
  let model: ReturnType<DoctorDeps['readModel']>
  try {
    model = deps.readModel(config)
  } catch (error) {
    const fix = 'npm run setup downloads and tries it; without LOCAL_MODEL_NAME the model in models/ is used.'
    return { name: 'model', status: 'warning', detail: messageOf(error), fix }
  }
  const detail = `${model.name} needs about ${mib(model.memoryBytes)} MiB, ${mib(deps.freeMemoryBytes)} MiB are available`
  if (model.memoryBytes <= deps.freeMemoryBytes) return { name: 'model', status: 'ok', detail }
  return failed('model', detail, 'Close programs, or choose a smaller model: npm run models -- list')
}

function checkDisk({ freeDiskBytes }: DoctorDeps): Finding {
  const detail = `${mib(freeDiskBytes)} MiB free`
  if (freeDiskBytes >= DISK_NEEDED_MIB * MIB) return { name: 'disk', status: 'ok', detail }
  return {
    name: 'disk',
    status: 'warning',
    detail,
    fix: `Free at least ${DISK_NEEDED_MIB} MiB for models and logs.`,
  }
}

function stackSettings({ environment, edgeSettingNames }: DoctorDeps): StackSettings | string {
  try {
    return readStackSettings(environment, edgeSettingNames)
  } catch (error) {
    return messageOf(error)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function failed(name: string, detail: string, fix: string): Finding {
  return { name, status: 'failed', detail, fix }
}

function mib(bytes: number): number {
  return Math.round(bytes / MIB)
}
