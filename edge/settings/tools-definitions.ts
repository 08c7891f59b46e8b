/**
 * The settings of what the edge tells other tools, each defined once: traces for OpenTelemetry, webhooks.
 */
import * as z from 'zod/mini'
import { isHeaderValue } from '../../shared/header-value.ts'
import type { SettingTable } from '../../shared/setting.ts'
import { headerText, text } from './setting-schemas.ts'

const tools = { section: 'Other tools' } as const
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/

/** OpenTelemetry's own form, `name=value` separated by commas, values percent-encoded. Never quoted in a message. */
const headerPairs = z.pipe(
  text,
  z.transform((value, context): Readonly<Record<string, string>> => {
    const headers: Record<string, string> = {}
    for (const pair of (value ?? '').split(',').filter((each) => each.trim() !== '')) {
      const at = pair.indexOf('=')
      const name = pair.slice(0, Math.max(at, 0)).trim().toLowerCase()
      const decoded = percentDecoded(pair.slice(at + 1).trim())
      if (HEADER_NAME.test(name) && decoded !== undefined && isHeaderValue(decoded)) headers[name] = decoded
      else {
        const message = 'must be name=value pairs separated by commas, with %2C for a comma inside a value'
        // The value is a secret, and an issue shows its input.
        context.issues.push({ code: 'custom', message, input: undefined })
        return z.NEVER
      }
    }
    return headers
  }),
)

function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

export const TOOLS_DEFINITIONS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    ...tools,
    schema: text,
    text: 'A receiver of OpenTelemetry traces (OTLP over HTTP, JSON): a collector, Langfuse, Phoenix. Each request is sent there as a span, to /v1/traces below this address. docs/observability.md says what is in it.',
    sample: 'http://127.0.0.1:4318',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    ...tools,
    schema: headerPairs,
    secret: true,
    text: 'Headers for that receiver as name=value pairs separated by commas, percent-encoded.',
    defaultText: 'none',
    sample: 'Authorization=Basic%20BASE64_OF_PUBLIC_KEY_COLON_SECRET_KEY',
  },
  OTEL_SERVICE_NAME: {
    ...tools,
    schema: z.pipe(
      text,
      z.transform((value = 'ulfberht-router') => value),
    ),
    text: 'The name under which this router’s spans appear.',
  },
  WEBHOOK_URL: {
    ...tools,
    schema: text,
    text: 'Is told by POST when a soft limit is reached and when the local model is lost or back, signed as Standard Webhooks has it. https outside this machine.',
    sample: 'https://hooks.example/router',
  },
  WEBHOOK_SECRET: {
    ...tools,
    schema: headerText,
    secret: true,
    text: 'What these are signed with: whsec_ and base64 (echo whsec_$(openssl rand -base64 32)), or any text of at least 16 characters.',
  },
} as const satisfies SettingTable
