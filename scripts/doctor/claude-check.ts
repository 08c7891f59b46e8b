/**
 * Whether Claude can be asked: the key, the address, the model names. Asks the endpoint that counts tokens, which costs
 * nothing; what it says is never shown, as it may quote what it was sent.
 */
import * as z from 'zod/mini'
import type { Config } from '../../edge/config.ts'
import { type Answer, type Ask, readAnswer } from '../ask.ts'
import { type Finding, failed, isOnThisMachine, ok, warning } from './finding.ts'

export type ClaudeCheckDeps = {
  readonly ask: Ask
  /** Nothing beyond this machine is asked. */
  readonly offline: boolean
}

const NAME = 'Claude'
const ANTHROPIC_HOST = 'api.anthropic.com'
const VERSION = '2023-06-01'
const RANK = { ok: 0, warning: 1, failed: 2 } as const
const KEY_FORM = /^sk-ant-[\w-]{10,}$/

const countSchema = z.looseObject({ input_tokens: z.number() })
const errorSchema = z.looseObject({ error: z.looseObject({ type: z.string(), message: z.string() }) })

/** Returns what is to be said about Claude under settings that are right in themselves. */
export async function checkClaude(config: Config, deps: ClaudeCheckDeps): Promise<Finding> {
  const { apiKey, keySource, baseUrl } = config.claude
  const host = new URL(baseUrl).host
  if (config.strategy === 'local_only') return ok(NAME, 'not asked under LLM_STRATEGY=local_only')
  if (keySource === 'router' && apiKey === undefined)
    return warning(
      NAME,
      'ANTHROPIC_API_KEY is not set: complex requests get a 503',
      'Set it in .env; keys are made at https://platform.claude.com',
    )
  if (deps.offline && !isOnThisMachine(baseUrl)) return unasked(host, apiKey)
  const models = [...new Set([config.claude.model, config.claude.simpleModel])]
  const findings = await Promise.all(
    models.map(async (model) => {
      const answer = await deps.ask(`${baseUrl}/v1/messages/count_tokens`, {
        headers: { 'anthropic-version': VERSION, ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }) },
        json: { model, messages: [{ role: 'user', content: 'Hello!' }] },
      })
      return judge(answer, { host, model, apiKey })
    }),
  )
  return findings.reduce((worst, one) => (RANK[one.status] > RANK[worst.status] ? one : worst))
}

type Question = { readonly host: string; readonly model: string; readonly apiKey: string | undefined }

function judge(answer: Answer | undefined, { host, model, apiKey }: Question): Finding {
  if (answer === undefined)
    return failed(
      NAME,
      `${host} does not answer`,
      host === ANTHROPIC_HOST
        ? 'Check the network; --offline leaves this check out.'
        : 'Correct ANTHROPIC_BASE_URL, or start the server there; --offline leaves this check out.',
    )
  if (apiKey === undefined) return ok(NAME, `${host} answers; each caller's own key is used`)
  if (answer.status === 200)
    return readAnswer(answer, countSchema) === undefined
      ? failed(NAME, `${host} does not speak the Messages API`, 'Correct ANTHROPIC_BASE_URL.')
      : ok(NAME, `${host} accepts ANTHROPIC_API_KEY`)
  if (answer.status === 401 || answer.status === 403)
    return failed(
      NAME,
      `${host} refuses ANTHROPIC_API_KEY (${answer.status})`,
      'Copy the key again, without quotes or spaces, or make another at https://platform.claude.com',
    )
  if (isUnknownModel(answer))
    return failed(NAME, `${host} has no model ${model}`, 'Correct CLAUDE_MODEL or CLAUDE_SIMPLE_MODEL.')
  if (answer.status === 404 || answer.status === 405)
    return host === ANTHROPIC_HOST
      ? failed(NAME, `${host} answers ${answer.status}`, 'Check whether a proxy stands in between.')
      : ok(NAME, `${host} answers; it counts no tokens, so the key was not tried`)
  if (answer.status === 429 || answer.status >= 500)
    return warning(NAME, `${host} answers ${answer.status}: busy or out of order`, 'Try again later.')
  return warning(
    NAME,
    `${host} answers ${answer.status}`,
    'Check ANTHROPIC_BASE_URL, and the account at https://platform.claude.com',
  )
}

function unasked(host: string, apiKey: string | undefined): Finding {
  if (apiKey === undefined) return ok(NAME, `each caller's own key, sent to ${host}; not asked (--offline)`)
  if (host !== ANTHROPIC_HOST || KEY_FORM.test(apiKey))
    return ok(NAME, `key set, sent to ${host}; not asked (--offline)`)
  return warning(
    NAME,
    'ANTHROPIC_API_KEY does not look like a key of Anthropic (sk-ant-…)',
    'Copy it again, without quotes or spaces.',
  )
}

function isUnknownModel(answer: Answer): boolean {
  if (answer.status !== 404) return false
  const error = readAnswer(answer, errorSchema)?.error
  return error?.type === 'not_found_error' && /model/i.test(error.message)
}
