/**
 * The checks of `npm run doctor`, each a finding with its fix. Reads; changes nothing and prints nothing.
 * Effects come in through `DoctorDeps`, so that every finding can be provoked in a test.
 */
import { type ConfigResult, readConfig } from '../../edge/config.ts'
import { VERSION } from '../../edge/version.ts'
import { type InferenceConfig, readInferenceConfig } from '../../inference/config.ts'
import type { Ask } from '../ask.ts'
import { runsTypeScript } from '../bootstrap/node.mjs'
import { routerAddress } from '../router-address.ts'
import type { Environment } from '../settings/environment.ts'
import { type PortProblem, runsAt, type WantedPort } from '../stack/ports.ts'
import { readStackSettings, type StackSettings } from '../stack/stack-settings.ts'
import { checkClaude } from './claude-check.ts'
import { checkEdge } from './edge-check.ts'
import { type Finding, failed, ok, warning } from './finding.ts'
import { checkLocal } from './local-check.ts'
import { checkPrices } from './prices-check.ts'

export type DoctorDeps = {
  readonly nodeVersion: string
  readonly environment: Environment
  readonly edgeSettingNames: readonly string[]
  readonly hasSettingsFile: boolean
  /** What is to be said about names in `.env` that nobody reads. */
  readonly unreadNames: readonly string[]
  readonly dependenciesInstalled: boolean
  /** Undefined where all are free. */
  readonly portProblem: (wanted: readonly WantedPort[]) => Promise<PortProblem | undefined>
  readonly ask: Ask
  /** Nothing beyond this machine is asked. */
  readonly offline: boolean
  readonly cores: number
  /** Reads the chosen model from disk; throws with a message for people where it is not there or cannot be used. */
  readonly readModel: (config: InferenceConfig) => {
    readonly name: string
    readonly memoryBytes: number
    /** What judging by another model takes beside it; 0: nothing. */
    readonly judgeMemoryBytes: number
  }
  readonly freeMemoryBytes: number
  readonly freeDiskBytes: number
  /** Milliseconds since the epoch. */
  readonly now: number
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
  const edge = await readConfig(settings.edge)
  const running = await runsAt(settings.routerPort, deps.ask)
  findings.push(checkEdgeSettings(edge))
  if (edge.ok) findings.push(await checkClaude(edge.config, deps), checkPrices(edge.config, deps.now))
  findings.push(await checkPorts(deps, settings, running))
  if (running) findings.push(...(await checkRunning(deps, settings.edge, settings.routerPort)))
  if (settings.noContainer !== undefined)
    findings.push(ok('container', `not started: ${settings.noContainer}`))
  if (edge.ok && edge.config.local !== undefined && edge.config.strategy !== 'claude_only')
    findings.push(await checkLocal(edge.config.local, settings, running, deps))
  if (settings.noContainer === undefined) findings.push(checkModel(deps, settings))
  return [...findings, checkDisk(deps)]
}

function checkNode({ nodeVersion }: DoctorDeps): Finding {
  if (runsTypeScript(nodeVersion)) return ok('node', nodeVersion)
  return failed(
    'node',
    `${nodeVersion} cannot run TypeScript`,
    'Run commands with npm (npm run doctor), or use Node 24.',
  )
}

function checkDependencies({ dependenciesInstalled }: DoctorDeps): Finding {
  if (dependenciesInstalled) return ok('dependencies', 'as in package-lock.json')
  return failed('dependencies', 'node_modules does not match package-lock.json', 'npm ci')
}

function checkSettingsFile({ hasSettingsFile, unreadNames }: DoctorDeps): Finding {
  if (!hasSettingsFile) return ok('.env', 'not there yet; npm start writes it from .env.example')
  if (unreadNames.length === 0) return ok('.env', 'present')
  return warning('.env', unreadNames.join(' '), 'Correct or remove these lines; .env.example has the names.')
}

function checkEdgeSettings(edge: ConfigResult): Finding {
  if (edge.ok) return ok('settings', `strategy ${edge.config.strategy}`)
  const fix = 'Correct them in .env and look again, as Claude is asked only then; .env.example explains each.'
  return failed('settings', edge.problems.join('; '), fix)
}

async function checkPorts(deps: DoctorDeps, settings: StackSettings, running: boolean): Promise<Finding> {
  const { routerPort, inferencePort, noContainer } = settings
  if (running) return ok('ports', `the router runs on ${routerPort}`)
  const wanted: WantedPort[] = [{ port: routerPort, setting: 'ROUTER_PORT' }]
  if (noContainer === undefined) wanted.push({ port: inferencePort, setting: 'INFERENCE_PORT' })
  const problem = await deps.portProblem(wanted)
  if (problem !== undefined) return failed('ports', problem.cause, problem.fix)
  const ports = wanted.map(({ port }) => port)
  return ok('ports', `${ports.join(' and ')} ${ports.length === 1 ? 'is' : 'are'} free`)
}

/** The edge that `npm start` has started here. */
async function checkRunning(
  { ask, now }: DoctorDeps,
  edge: StackSettings['edge'],
  port: number,
): Promise<readonly Finding[]> {
  try {
    const address = routerAddress({ ADMIN_KEY: edge.ADMIN_KEY, ROUTER_PORT: String(port) }, undefined)
    return await checkEdge(address, { ask, now, version: VERSION })
  } catch (error) {
    return [warning('edge', messageOf(error), 'Set the key in the environment of this command.')]
  }
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
    return warning('model', messageOf(error), fix)
  }
  const judge = model.judgeMemoryBytes === 0 ? '' : ` and ${mib(model.judgeMemoryBytes)} MiB for its judge`
  const detail = `${model.name} needs about ${mib(model.memoryBytes)} MiB${judge}, ${mib(deps.freeMemoryBytes)} MiB are available`
  if (model.memoryBytes > deps.freeMemoryBytes)
    return failed('model', detail, 'Close programs, or choose a smaller model: npm run models -- list')
  if (model.memoryBytes + model.judgeMemoryBytes <= deps.freeMemoryBytes) return ok('model', detail)
  return warning('model', detail, 'Close programs; without that memory requests are answered but not judged.')
}

function checkDisk({ freeDiskBytes }: DoctorDeps): Finding {
  const detail = `${mib(freeDiskBytes)} MiB free`
  if (freeDiskBytes >= DISK_NEEDED_MIB * MIB) return ok('disk', detail)
  return warning('disk', detail, `Free at least ${DISK_NEEDED_MIB} MiB for models and logs.`)
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

function mib(bytes: number): number {
  return Math.round(bytes / MIB)
}
