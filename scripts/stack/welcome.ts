/** The lines that `npm start` prints for the person in front of it. Pure: finds nothing out by itself. */
import type { StackSettings } from './stack-settings.ts'

/**
 * Said before anything is up: what is being started and what is not, and why.
 * @param problems what edge/config.ts finds wrong with the settings
 */
export function startingLines(settings: StackSettings, problems: readonly string[]): string[] {
  return [
    ...settings.notes,
    ...problems.map((problem) => `Setting to correct: ${problem}.`),
    settings.noContainer === undefined
      ? 'Starting the edge and the container with the local model …'
      : `Starting the edge; no container, because ${settings.noContainer}.`,
  ]
}

/**
 * Said as soon as the edge answers.
 * @param misconfigured the edge refuses every request because of its settings
 * @param watching a corrected setting takes effect by itself
 */
export function edgeLines(settings: StackSettings, misconfigured: boolean, watching: boolean): string[] {
  const url = `http://127.0.0.1:${settings.routerPort}`
  if (misconfigured) {
    const next = watching ? 'Saving .env is enough.' : 'Then start again.'
    return [
      '',
      `${url} answers every request with a 503 until the settings named above are right. ${next}`,
      '',
    ]
  }
  return [
    '',
    `Ulfberht Router is up: ${url} is the playground, ${url}/dashboard what it cost, ${url}/docs the API`,
    `Claude: ${claudeState(settings)}`,
    settings.noContainer === undefined
      ? 'The local model is loading; a line says when it is ready.'
      : tryLine(settings),
    '',
  ]
}

/** Said when the container's model is loaded. What there is to try comes now: before, it would have been a 503. */
export function modelLines(settings: StackSettings, model: string, seconds: number): string[] {
  return [
    `Local model${model === '' ? '' : ` ${model}`} is ready (${seconds.toFixed(1)} s). Ctrl-C stops everything.`,
    tryLine(settings),
  ]
}

/** Said while the model is still loading. */
export function loadingLine(seconds: number): string {
  return `The local model is still loading (${Math.round(seconds)} s); until then Claude answers where it can.`
}

function tryLine({ edge, routerPort }: StackSettings): string {
  const body = '{"model":"auto","max_tokens":100,"messages":[{"role":"user","content":"Good morning!"}]}'
  const key = edge.ALLOW_ANONYMOUS === 'true' ? '' : " -H 'x-api-key: YOUR_ROUTER_KEY'"
  return `Try: curl -i http://127.0.0.1:${routerPort}/v1/messages -H 'content-type: application/json'${key} -d '${body}'`
}

function claudeState({ edge }: StackSettings): string {
  const address = edge.ANTHROPIC_BASE_URL
  const where = address === undefined ? '' : ` Requests go to ${address} (ANTHROPIC_BASE_URL).`
  if (edge.CLAUDE_KEY_SOURCE === 'client') return `each caller's own key is used.${where}`
  if (edge.ANTHROPIC_API_KEY !== undefined) return `ANTHROPIC_API_KEY is set.${where}`
  return 'ANTHROPIC_API_KEY is not set: complex requests get a 503 that says so. Set it in .env and start again.'
}
