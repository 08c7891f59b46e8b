/**
 * Whether the local model can be asked where the edge would ask it: our own container, one elsewhere, or another
 * server. Asks what the edge asks before it sends a request; no answer is generated.
 */
import * as z from 'zod/mini'
import { localMessagesProtocol } from '../../edge/providers/local/messages-protocol.ts'
import { localOpenAiProtocol } from '../../edge/providers/local/openai-protocol.ts'
import type { LocalConfig } from '../../edge/settings/core-settings.ts'
import { type Ask, readAnswer } from '../ask.ts'
import { isOwnContainer, type StackSettings } from '../stack/stack-settings.ts'
import { type Fault, type Finding, failed, isOnThisMachine, ok, warning } from './finding.ts'

export type LocalCheckDeps = {
  readonly ask: Ask
  /** Nothing beyond this machine is asked. */
  readonly offline: boolean
}

type State =
  | { readonly kind: 'ready'; readonly models: readonly string[] }
  | { readonly kind: 'silent' | 'loading' | 'refusing' | 'foreign' | 'unasked' }

const readySchema = z.looseObject({
  model: z.optional(z.string()),
  data: z.optional(z.array(z.looseObject({ id: z.string() }))),
})

/**
 * Returns what is to be said about the servers of the local model.
 * @param running the router runs here, so its own container should answer as well
 */
export async function checkLocal(
  local: LocalConfig,
  settings: StackSettings,
  running: boolean,
  deps: LocalCheckDeps,
): Promise<Finding> {
  const starts = settings.noContainer === undefined
  const name = starts ? 'container' : 'local server'
  const due = local.urls.filter((url) => running || !starts || !isOwnContainer(url, settings.inferencePort))
  if (due.length === 0) return ok(name, 'not running; npm start starts it')
  const states = await Promise.all(due.map(async (url) => ({ url, state: await look(url, local, deps) })))
  const faults = states.flatMap(({ url, state }) => faultOf(name, url, state, local) ?? [])
  const [fault] = faults
  if (fault !== undefined) {
    if (faults.length === states.length) return fault
    return warning(name, faults.map(({ detail }) => detail).join('; '), fault.fix)
  }
  const asked = states.flatMap(({ state }) => (state.kind === 'ready' ? [state] : []))
  if (asked.length === 0) return ok(name, `${hosts(due)}: not asked (--offline)`)
  const models = new Set(asked.flatMap((state) => state.models))
  if (local.model !== undefined && models.size > 0 && !models.has(local.model))
    return warning(
      name,
      `${hosts(due)} lists no model ${local.model}, but ${[...models].slice(0, 5).join(', ')}`,
      'Correct LOCAL_LLM_MODEL; a server that takes any name may be left as it is.',
    )
  const answering = local.model ?? [...models][0]
  const which = starts ? '' : `, at ${hosts(due)}`
  return ok(name, `ready${answering === undefined ? '' : ` with ${answering}`}${which}`)
}

async function look(url: string, local: LocalConfig, deps: LocalCheckDeps): Promise<State> {
  if (deps.offline && !isOnThisMachine(url)) return { kind: 'unasked' }
  const protocol = local.protocol === 'openai' ? localOpenAiProtocol : localMessagesProtocol
  const headers = protocol.headers(local.secret)
  let models: string[] | undefined
  // All paths, although the first may say enough: only the later one needs the secret.
  for (const path of protocol.readinessPaths) {
    const answer = await deps.ask(`${url}${path}`, { headers })
    if (answer === undefined) return { kind: 'silent' }
    if (answer.status === 401 || answer.status === 403) return { kind: 'refusing' }
    if (answer.status === 503) return { kind: 'loading' }
    if (answer.status === 404 || answer.status === 405) continue
    const ready = answer.status === 200 ? readAnswer(answer, readySchema) : undefined
    if (ready === undefined) return { kind: 'foreign' }
    const named = ready.model === undefined ? (ready.data ?? []).map(({ id }) => id) : [ready.model]
    models = [...(models ?? []), ...named]
  }
  return models === undefined ? { kind: 'foreign' } : { kind: 'ready', models }
}

function faultOf(name: string, url: string, { kind }: State, { protocol }: LocalConfig): Fault | undefined {
  const host = hosts([url])
  switch (kind) {
    case 'ready':
    case 'unasked':
      return undefined
    case 'silent':
      return failed(name, `${host} does not answer`, fixForSilence(name, url))
    case 'loading':
      return failed(
        name,
        `${host} answers, but is not ready`,
        'Wait until the model is loaded, then read its log.',
      )
    case 'refusing':
      return failed(
        name,
        `${host} refuses LOCAL_LLM_SECRET`,
        'Set LOCAL_LLM_SECRET to the value that the server has.',
      )
    case 'foreign':
      return failed(
        name,
        `${host} is no server of LOCAL_LLM_PROTOCOL=${protocol}`,
        'Correct LOCAL_LLM_URL, or set LOCAL_LLM_PROTOCOL to openai or anthropic, whichever it speaks.',
      )
  }
}

function fixForSilence(name: string, url: string): string {
  if (name === 'container') return 'Read the log of npm start.'
  if (isOnThisMachine(url)) return 'Start that server (npm start does not), or correct LOCAL_LLM_URL.'
  return 'Correct LOCAL_LLM_URL, or read its log; a free instance on Render takes a minute to wake.'
}

function hosts(urls: readonly string[]): string {
  return urls.map((url) => new URL(url).host).join(', ')
}
