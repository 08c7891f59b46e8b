/**
 * A whole router in this process: real settings, real parts, real app; only the network, the clock, chance and the
 * log are the test's. Clients talk to it as they would over HTTP.
 */
import { createApp } from '../../../edge/app.ts'
import { composeDependencies, type Effects } from '../../../edge/compose.ts'
import { readConfig } from '../../../edge/config.ts'
import { createMemoryControlRecord } from '../../../edge/control/control-record.ts'
import { createRequestId } from '../../../edge/ledger/request-id.ts'
import { readShippedClassifier } from '../../../llm/shipped-classifier.ts'
import { ADMIN_KEY, ALICE_KEY, BOB_KEY, CLAUDE_KEY, LOCAL_SECRET, SIMPLE_PROMPT } from './canaries.ts'
import { collectLog } from './log-collector.ts'
import { createMemoryLedger } from './memory-ledger.ts'
import { createSqliteTenants } from './sqlite-accounts.ts'
import { createSqliteResponses } from './sqlite-responses.ts'
import { CLAUDE_URL, CONTAINER_URL, networkFetch } from './upstreams.ts'

export type SentRequest = { readonly url: string; readonly init: RequestInit }

export type TestRouter = {
  /** `origin` is the address under which the router is reached. */
  readonly request: (path: string, init?: RequestInit, origin?: string) => Promise<Response>
  readonly fetch: (request: Request) => Promise<Response>
  /** Posts a Messages body (an object, or text or bytes as they are) as alice. */
  readonly post: (
    body: unknown,
    headers?: Record<string, string>,
    options?: { readonly query?: string; readonly signal?: AbortSignal; readonly path?: string },
  ) => Promise<Response>
  /** Moves the router's clock, ms. */
  readonly advance: (milliseconds: number) => void
  /** Every request that the router sent, as it gave it to fetch. */
  readonly sent: readonly SentRequest[]
}

/** What scripts/build-pages.mjs would have written. */
const ASSET_NAMES = Object.fromEntries(
  ['pages.css', 'theme.js', 'mark.svg', 'playground.js'].map((name) => [name, `/assets/${name}`]),
)

/** Returns a hybrid router with both upstreams; a setting of '' is unset. */
const classifierModel = readShippedClassifier()

export async function createTestRouter(
  settings: Readonly<Record<string, string>> = {},
  effects: Partial<Effects> = {},
): Promise<TestRouter> {
  const result = await readConfig({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: CONTAINER_URL,
    LOCAL_LLM_SECRET: LOCAL_SECRET,
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: CLAUDE_URL,
    ROUTER_KEYS: `alice:${ALICE_KEY},bob:${BOB_KEY}`,
    ADMIN_KEY,
    AI: effects.workersAi,
    ...settings,
  })
  if (!result.ok) throw new Error(result.problems.join('; '))
  let now = Date.UTC(2026, 10, 23)
  let ids = 0
  const sent: SentRequest[] = []
  const app = createApp(
    composeDependencies(result.config, {
      fetch: (url, init) => {
        sent.push({ url, init })
        return networkFetch(url, init)
      },
      readAsset: async () => Response.json(ASSET_NAMES),
      log: collectLog,
      now: () => now,
      random: () => 0,
      createId: (at) => createRequestId(at, () => bytesOf(++ids)),
      controlRecord: createMemoryControlRecord(result.config.strategy),
      classifierModel,
      batchBook: createSqliteTenants(() => now).batchBook,
      responses: createSqliteResponses({ now: () => now }),
      ledger: effects.ledger ?? (await createMemoryLedger({ now: () => now })),
      ...effects,
    }),
  )
  const request = async (path: string, init?: RequestInit, origin = 'http://localhost') =>
    app.fetch(new Request(`${origin}${path}`, init))
  return {
    request,
    fetch: async (request) => app.fetch(request),
    post: (body, headers = {}, { query = '', signal, path = '/v1/messages' } = {}) =>
      request(`${path}${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': ALICE_KEY, ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
    advance(milliseconds) {
      now += milliseconds
    },
    sent,
  }
}

/** Returns a Messages body with one user turn. */
export function ask(prompt: string = SIMPLE_PROMPT, fields: Record<string, unknown> = {}) {
  return { model: 'auto', max_tokens: 64, messages: [{ role: 'user', content: prompt }], ...fields }
}

/** The number in ten bytes. */
function bytesOf(count: number): Uint8Array {
  const bytes = new Uint8Array(10)
  new DataView(bytes.buffer).setUint32(6, count)
  return bytes
}
