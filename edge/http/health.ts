/**
 * `GET /healthz` and `GET /readyz`: alive, and able to answer. Open to everyone, so they name settings, never values.
 */
import { isClaudeConfigured } from '../providers/claude/headers.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { waitUntilOf } from './context.ts'

/** `GET /healthz`: the Worker runs. */
export function health(context: AppContext): Response {
  return context.json({ status: 'ok' })
}

/** `GET /readyz`: 200 if at least one target can answer; always says what is missing. */
export function createReadinessHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, local } = dependencies
  return async (context) => {
    await local?.refresh(waitUntilOf(context))
    const localReady = local?.describe().some((server) => server.state === 'ready') ?? false
    const claudeReady = isClaudeConfigured(config.claude)
    const missing = [
      ...(claudeReady ? [] : ['ANTHROPIC_API_KEY is not set: requests that need Claude get a 503']),
      ...(local === undefined || localReady ? [] : ['the local model does not answer']),
    ]
    const ready = localReady || claudeReady
    return context.json(
      { status: ready ? 'ready' : 'not_ready', local: localReady, claude: claudeReady, missing },
      ready ? 200 : 503,
    )
  }
}
