/**
 * The Worker in real workerd inside the test's process group, with its outbound requests played by MSW: for what
 * needs real bindings but no real sockets.
 */
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createTestHarness } from 'wrangler'
import { ROOT } from './stack.ts'
import {
  CLAUDE_ANSWER,
  CLAUDE_KEY,
  CLAUDE_REQUEST_ID,
  LOCAL_ANSWER,
  LOCAL_MODEL_NAME,
  LOCAL_SECRET,
  nonStreamingBody,
  streamFrames,
} from './upstream-messages.ts'

// A developer's own .env must not reach the Worker under test.
process.env.CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV = 'false'

const LOCAL_URL = 'https://container.test'
const CLAUDE_URL = 'https://api.anthropic.com'
const EVENT_STREAM = { 'content-type': 'text/event-stream' }

export type SeenRequest = { readonly body: string; readonly headers: Headers; readonly url: string }
export type EdgeHarness = Awaited<ReturnType<typeof startEdgeHarness>>

/** Vars and secrets of an edge between both stand-ins, open to everyone. */
export const COMPLETE_SETTINGS = {
  LLM_STRATEGY: 'hybrid',
  LOCAL_LLM_ENABLED: 'true',
  LOCAL_LLM_URL: LOCAL_URL,
  LOCAL_LLM_SECRET: LOCAL_SECRET,
  ANTHROPIC_API_KEY: CLAUDE_KEY,
  ANTHROPIC_BASE_URL: CLAUDE_URL,
  ALLOW_ANONYMOUS: 'true',
  LOG_FORMAT: 'json',
} as const

/** Starts the Worker with exactly these settings. */
export async function startEdgeHarness(settings: Readonly<Record<string, string>>) {
  const local: SeenRequest[] = []
  const claude: SeenRequest[] = []
  const remember = async (seen: SeenRequest[], request: Readable): Promise<string> => {
    const body = await request.text()
    seen.push({ body, headers: request.headers, url: request.url })
    return body
  }
  const upstreams = setupServer(
    http.get(`${LOCAL_URL}/readyz`, () =>
      HttpResponse.json({ model: LOCAL_MODEL_NAME, maxInputTokens: 1024 }),
    ),
    http.post(`${LOCAL_URL}/v1/messages`, async ({ request }) => {
      await remember(local, request)
      return new HttpResponse(streamFrames(LOCAL_ANSWER).join(''), { headers: EVENT_STREAM })
    }),
    http.post(`${CLAUDE_URL}/v1/messages`, async ({ request }) => {
      const body = await remember(claude, request)
      const headers = { 'request-id': CLAUDE_REQUEST_ID }
      if (/"stream":\s*true/.test(body))
        return new HttpResponse(streamFrames(CLAUDE_ANSWER).join(''), {
          headers: { ...headers, ...EVENT_STREAM },
        })
      return new HttpResponse(nonStreamingBody(CLAUDE_ANSWER), {
        headers: { ...headers, 'content-type': 'application/json' },
      })
    }),
  )
  upstreams.listen({
    onUnhandledFrame({ frame, defaults }) {
      // The harness talks to workerd on loopback; anything else would leave this machine.
      const host = hostOf(frame.data)
      if (host !== '127.0.0.1' && host !== 'localhost') defaults.error()
    },
  })
  const worker = (vars: Readonly<Record<string, string>>) => ({
    root: ROOT,
    workers: [{ configPath: 'wrangler.toml', vars }],
  })
  const harness = createTestHarness(worker(settings))
  await harness.listen()
  return {
    local,
    claude,
    harness,
    async post(path: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) {
      const response = await harness.fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
        body,
      })
      return { status: response.status, headers: response.headers, body: await response.text() }
    },
    async request(method: 'DELETE' | 'GET' | 'PUT' | 'OPTIONS', path: string, options: RequestOptions = {}) {
      const response = await harness.fetch(path, { method, ...options })
      return { status: response.status, headers: response.headers, body: await response.text() }
    },
    /** Reloads the Worker with other settings; its storage stays, its isolates do not. */
    restartWith: (vars: Readonly<Record<string, string>>) => harness.update(worker(vars)),
    /** Every line that the Worker has logged. */
    logLines: () => harness.getLogs().map((log) => log.message),
    forget() {
      local.length = 0
      claude.length = 0
      harness.clearLogs()
    },
    async stop() {
      await harness.close()
      upstreams.close()
    },
  }
}

/** What is read of a request, whichever of the two runtimes' types it has. */
type Readable = { readonly text: () => Promise<string>; readonly headers: Headers; readonly url: string }

type RequestOptions = { readonly headers?: Record<string, string>; readonly body?: string }

function hostOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('request' in data)) return undefined
  return data.request instanceof Request ? new URL(data.request.url).hostname : undefined
}
