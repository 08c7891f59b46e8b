/**
 * Requests as the gateway sees them, for tests of parts that never meet HTTP.
 */
import type { RouterRequest } from '../../../edge/request.ts'
import { extractFeatures, type Features } from '../../../edge/routing/features.ts'
import { parseMessagesRequest } from '../../../shared/messages.ts'
import { ask } from './router.ts'

/** Returns a request whose bytes, text and view agree with `body`. */
export function routerRequest(
  body: Record<string, unknown> = ask(),
  overrides: Partial<RouterRequest> = {},
): RouterRequest {
  const text = JSON.stringify(body)
  return {
    id: 'req_test',
    tenant: { id: 'alice', admin: false, forbid: [] },
    surface: 'messages',
    user: undefined,
    body: new TextEncoder().encode(text),
    text,
    view: parseMessagesRequest(JSON.parse(text)),
    query: '',
    apiHeaders: {},
    passHeaders: {},
    header: () => undefined,
    clientCredential: undefined,
    controls: { force: undefined, strategy: undefined, cache: 'use', privacyLocal: false },
    translated: false,
    logprobs: false,
    structured: false,
    unlimited: false,
    cutAt: [],
    agentSession: false,
    signal: new AbortController().signal,
    startedAt: 0,
    waitUntil: (work) => {
      work.catch(() => {})
    },
    ...overrides,
  }
}

/** Returns the features of a body. */
export function featuresOf(body: Record<string, unknown>): Features {
  return extractFeatures(parseMessagesRequest(body))
}
