/**
 * An edge between two stand-ins, with deadlines short enough for tests: what all fault tests start from.
 * Owns bringing the edge back to health between tests; asserts nothing.
 */
import { eventually } from './processes.ts'
import { type RunningProgram, startEdge } from './stack.ts'
import { type Client, createClient, SIMPLE } from './stack-client.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import { CLAUDE_KEY, claudeAnswers, LOCAL_SECRET, localAnswers, localIsReady } from './upstream-messages.ts'

export type FaultStack = {
  readonly container: Upstream
  readonly claude: Upstream
  readonly edge: RunningProgram
  readonly client: Client
  /** Forgets what was recorded and waits until the edge trusts the container again. */
  readonly recover: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Generous where a healthy stand-in on a busy machine must keep them, short where a test has to wait them out, ms. */
export const DEADLINES = {
  LOCAL_HEADERS_MS: '1000',
  LOCAL_FIRST_CONTENT_MS: '1000',
  LOCAL_IDLE_MS: '1000',
  LOCAL_TIMEOUT_MS: '20000',
  CLAUDE_HEADERS_MS: '5000',
  CLAUDE_FIRST_EVENT_MS: '2000',
  CLAUDE_IDLE_MS: '1500',
  CLAUDE_TIMEOUT_MS: '20000',
} as const

/**
 * Starts everything.
 * @param settings of the Worker, on top of the usual ones
 * @param headers what a request needs to be let in
 */
export async function startFaultStack(
  settings: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<FaultStack> {
  const container = await startUpstream({ usual: localAnswers, other: localIsReady })
  const claude = await startUpstream({ usual: claudeAnswers, other: [] })
  const edge = await startEdge({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: container.url,
    LOCAL_LLM_SECRET: LOCAL_SECRET,
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    CACHE_TTL_SECONDS: '0',
    ...DEADLINES,
    ...settings,
  })
  const client = createClient(edge.url)
  const answeredLocally = async () => {
    const reply = await client.ask(SIMPLE, { headers: { ...headers, 'x-router-cache': 'skip' } })
    return reply.headers.get('x-router-route') === 'local'
  }
  return {
    container,
    claude,
    edge,
    client,
    async recover() {
      container.reset()
      claude.reset()
      await eventually('the local model answers again', answeredLocally)
      // More successes than failures keep the breaker, which remembers half a minute, out of the next test.
      for (let count = 0; count < 2; count++) await answeredLocally()
      container.reset()
      claude.reset()
    },
    async stop() {
      await edge.stop()
      await Promise.all([container.close(), claude.close()])
    },
  }
}
