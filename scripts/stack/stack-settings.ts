/**
 * What `npm start` has to know before it starts anything: ports, whether a container is needed, and which variables
 * each process gets. Pure; the values themselves are judged by edge/config.ts and inference/config.ts.
 */
import { type Environment, withoutEmpty } from '../settings/environment.ts'

export type StackSettings = {
  readonly routerPort: number
  readonly inferencePort: number
  /** Undefined where a container is started, else the reason why none is. */
  readonly noContainer: string | undefined
  /** What was decided for the person and should be said. */
  readonly notes: readonly string[]
  /** The variables and secrets of the Worker. */
  readonly edge: Readonly<Record<string, string>>
  /** The whole environment of the container's process. */
  readonly container: Readonly<Record<string, string>>
}

/** Ports that cannot be used; the message names the setting. */
export class PortError extends Error {}

const DEFAULT_ROUTER_PORT = 8787
const DEFAULT_INFERENCE_PORT = 8080
/** Ctrl-C should not take longer; stack.ts kills what is left a little later, ms. */
const SHUTDOWN_TIMEOUT_MS = 5_000

/** Secrets that only the edge needs; the process that runs a model never sees them. */
const EDGE_SECRETS = [
  'ANTHROPIC_API_KEY',
  'ROUTER_KEYS',
  'ADMIN_KEY',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'WEBHOOK_SECRET',
]

/** Says whether an address is the one at which `npm start` lets its container listen. */
export function isOwnContainer(url: string, inferencePort: number): boolean {
  const address = url.trim()
  if (!URL.canParse(address)) return false
  const { protocol, hostname, port } = new URL(address)
  const onThisMachine = /^(localhost|127\.0\.0\.1)$/.test(hostname)
  return protocol === 'http:' && onThisMachine && Number(port || 80) === inferencePort
}

/**
 * Reads the settings of the stack.
 * @param environment the process environment with `.env` merged in
 * @param edgeSettingNames what the Worker reads (edge/config.ts)
 * @throws {PortError} for ports that cannot be used, with the setting to change
 */
export function readStackSettings(
  environment: Environment,
  edgeSettingNames: readonly string[],
): StackSettings {
  const given = withoutEmpty(environment)
  const routerPort = readPort(given, 'ROUTER_PORT', DEFAULT_ROUTER_PORT)
  const inferencePort = readPort(given, 'INFERENCE_PORT', DEFAULT_INFERENCE_PORT)
  if (routerPort === inferencePort)
    throw new PortError(`ROUTER_PORT and INFERENCE_PORT are both ${routerPort}. Give them different values.`)
  const logFormat = given.LOG_FORMAT ?? 'text'
  const edge: Record<string, string> = {
    LOCAL_LLM_URL: `http://127.0.0.1:${inferencePort}`,
    LOG_FORMAT: logFormat,
  }
  for (const name of edgeSettingNames) {
    const value = given[name]
    if (value !== undefined) edge[name] = value
  }
  const notes: string[] = []
  // .env opens the router on loopback by default; somebody who names callers means to close it.
  if (edge.ROUTER_KEYS !== undefined && edge.ALLOW_ANONYMOUS === 'true') {
    delete edge.ALLOW_ANONYMOUS
    notes.push('ROUTER_KEYS is set: every caller needs a key, ALLOW_ANONYMOUS=true is ignored.')
  }
  // The container speaks the Messages API; the other protocol is for somebody else's server.
  if (edge.LOCAL_LLM_PROTOCOL === 'openai' && given.LOCAL_LLM_URL === undefined) {
    delete edge.LOCAL_LLM_PROTOCOL
    notes.push('LOCAL_LLM_URL names no server of its own: LOCAL_LLM_PROTOCOL=openai is ignored.')
  }
  const container: Record<string, string> = {
    SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
    ...given,
    HOST: '127.0.0.1',
    PORT: String(inferencePort),
    LOG_FORMAT: logFormat,
  }
  for (const name of EDGE_SECRETS) delete container[name]
  return {
    routerPort,
    inferencePort,
    noContainer: reasonForNoContainer(given, inferencePort),
    notes,
    edge,
    container,
  }
}

function readPort(given: Readonly<Record<string, string>>, name: string, fallback: number): number {
  const text = given[name]
  if (text === undefined) return fallback
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new PortError(`${name} must be a port from 1 to 65535, but is set to ${JSON.stringify(text)}.`)
}

function reasonForNoContainer(
  given: Readonly<Record<string, string>>,
  inferencePort: number,
): string | undefined {
  if (given.LOCAL_LLM_ENABLED !== 'true') return 'LOCAL_LLM_ENABLED is not true'
  if ((given.LLM_STRATEGY ?? 'claude_only') === 'claude_only') return 'LLM_STRATEGY is claude_only'
  if (given.LOCAL_LLM_URL === undefined) return undefined
  const urls = given.LOCAL_LLM_URL.split(',')
  const own = given.LOCAL_LLM_PROTOCOL !== 'openai' && urls.some((url) => isOwnContainer(url, inferencePort))
  return own ? undefined : 'LOCAL_LLM_URL names another server'
}
