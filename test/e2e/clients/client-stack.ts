/**
 * The whole product for clients: the edge in workerd, the container with the shipped model behind a relay that can
 * fail, and a Claude that converses. Owns starting and stopping it; asserts nothing.
 */
import { type RunningProgram, startContainer, startEdge } from '../../support/stack.ts'
import type { Upstream } from '../../support/upstream.ts'
import { CLAUDE_KEY, LOCAL_SECRET } from '../../support/upstream-messages.ts'
import { startClaude, type ToolCall } from './claude-conversation.ts'
import { type Relay, startRelay } from './relay.ts'

export const ROUTER_KEY = 'router-key-of-alice-0123456789'
export const LOCAL_PATH = '/v1/messages'

export type ClientStack = {
  /** The router's address. */
  readonly url: string
  readonly edge: RunningProgram
  readonly claude: Upstream
  /** In front of the container. */
  readonly container: Relay
  /** The name that the container gives its model. */
  readonly localModel: string
  /** Forgets what was recorded. */
  readonly reset: () => void
  readonly stop: () => Promise<void>
}

/**
 * Starts everything and waits until the model is loaded.
 * @param settings of the Worker, on top of a hybrid router without a cache
 */
export async function startClientStack(
  toolCall: (text: string) => ToolCall | undefined,
  settings: Readonly<Record<string, string>> = {},
): Promise<ClientStack> {
  const claude = await startClaude(toolCall)
  const inference = await startContainer({ LOCAL_LLM_SECRET: LOCAL_SECRET })
  await inference.line(/Model initialized successfully/)
  const container = await startRelay(inference.url)
  const edge = await startEdge({
    ALLOW_ANONYMOUS: '',
    ROUTER_KEYS: `alice:${ROUTER_KEY}`,
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: container.url,
    LOCAL_LLM_SECRET: LOCAL_SECRET,
    ANTHROPIC_API_KEY: CLAUDE_KEY,
    ANTHROPIC_BASE_URL: claude.url,
    CACHE_TTL_SECONDS: '0',
    // A shared machine must not turn a slow first token into a fallback.
    LOCAL_HEADERS_MS: '20000',
    LOCAL_FIRST_CONTENT_MS: '20000',
    ...settings,
  })
  const models = await fetch(`${inference.url}/v1/models`, { headers: { 'x-api-key': LOCAL_SECRET } })
  const { data }: { data: { id: string }[] } = await models.json()
  return {
    url: edge.url,
    edge,
    claude,
    container,
    localModel: data[0]?.id ?? '',
    reset() {
      claude.reset()
      container.reset()
    },
    async stop() {
      await edge.stop()
      await container.close()
      await Promise.all([inference.stop(), claude.close()])
    },
  }
}
