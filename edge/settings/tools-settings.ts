/**
 * What the edge tells other tools and where: read from settings, checked for contradictions. Sends nothing.
 */
import * as z from 'zod/mini'
import { schemasOf } from '../../shared/setting.ts'
import { addressProblems } from './core-settings.ts'
import { TOOLS_DEFINITIONS } from './tools-definitions.ts'

export type TracesConfig = {
  /** Where traces are taken, path included. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
}

export type WebhookConfig = { readonly url: string; readonly secret: string }

const toolsSchema = z.object(schemasOf(TOOLS_DEFINITIONS))
export type ToolsSettings = z.infer<typeof toolsSchema>

const TRACES_PATH = '/v1/traces'
const SHORTEST_SECRET = 16
const WEBHOOK_SECRET_PREFIX = 'whsec_'
const BASE64 = /^[A-Za-z\d+/]+={0,2}$/

/** Returns where spans are sent, or undefined where nowhere. */
export function tracesConfig(settings: ToolsSettings): TracesConfig | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = settings
  if (endpoint === undefined) return undefined
  const base = endpoint.replace(/\/+$/, '')
  return {
    url: base.endsWith(TRACES_PATH) ? base : `${base}${TRACES_PATH}`,
    headers: settings.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: settings.OTEL_SERVICE_NAME,
  }
}

/** Returns who is told of events, or undefined where nobody is. */
export function webhookConfig(settings: ToolsSettings): WebhookConfig | undefined {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret } = settings
  return url === undefined || secret === undefined ? undefined : { url, secret }
}

/** Yields what is missing or contradicts itself; each line names its setting and quotes no secret. */
export function* toolsProblems(settings: ToolsSettings): Generator<string> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, WEBHOOK_URL: url, WEBHOOK_SECRET: secret } = settings
  if (endpoint !== undefined) yield* addressProblems('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint)
  if (url !== undefined) yield* addressProblems('WEBHOOK_URL', url)
  if (url !== undefined && secret === undefined)
    yield 'WEBHOOK_SECRET is not set: WEBHOOK_URL needs it, as events are signed'
  if (secret === undefined) return
  const key = secret.startsWith(WEBHOOK_SECRET_PREFIX)
    ? secret.slice(WEBHOOK_SECRET_PREFIX.length)
    : undefined
  if (key !== undefined && !isBase64(key)) yield 'WEBHOOK_SECRET must have base64 after whsec_'
  if (secret.length < SHORTEST_SECRET) yield `WEBHOOK_SECRET must have at least ${SHORTEST_SECRET} characters`
}

function isBase64(text: string): boolean {
  return BASE64.test(text) && text.length % 4 === 0
}
