/** The lines that `npm start` prints for the person in front of it. Pure: finds nothing out by itself. */
import type { StackSettings } from './stack-settings.ts'

/**
 * Said before anything is up: what is being started and what is not, and why.
 * @param problems what edge/config.ts finds wrong with the settings
 */
export function startingLines(settings: StackSettings, problems: readonly string[]): string[] {
  return [
    ...settings.notes,
    ...problems.map((problem) => `Setting to correct: ${problem}. Until then every request gets a 503.`),
    settings.noContainer === undefined
      ? 'Starting the edge and the container with the local model …'
      : `Starting the edge; no container, because ${settings.noContainer}.`,
  ]
}

/** Said as soon as the edge answers. */
export function edgeLines(settings: StackSettings): string[] {
  const url = `http://127.0.0.1:${settings.routerPort}`
  const body =
    '{"model":"auto","max_tokens":100,"messages":[{"role":"user","content":"Hello! How are you?"}]}'
  const key = settings.edge.ALLOW_ANONYMOUS === 'true' ? '' : " -H 'x-api-key: YOUR_ROUTER_KEY'"
  return [
    '',
    `Ulfberht Router is up: ${url} (${url}/docs describes the API)`,
    `Claude: ${claudeState(settings)}`,
    `Try: curl -i ${url}/v1/messages -H 'content-type: application/json'${key} -d '${body}'`,
    '',
  ]
}

/** Said when the container's model is loaded. */
export function modelLine(model: string, seconds: number): string {
  return `Local model${model === '' ? '' : ` ${model}`} is ready (${seconds.toFixed(1)} s). Ctrl-C stops everything.`
}

/** Said while the model is still loading. */
export function loadingLine(seconds: number): string {
  return `The local model is still loading (${Math.round(seconds)} s); until then Claude answers where it can.`
}

function claudeState(settings: StackSettings): string {
  if (settings.edge.CLAUDE_KEY_SOURCE === 'client') return "each caller's own key is used."
  if (settings.edge.ANTHROPIC_API_KEY !== undefined) return 'ANTHROPIC_API_KEY is set.'
  return 'ANTHROPIC_API_KEY is not set: complex requests get a 503 that says so. Set it in .env and start again.'
}
