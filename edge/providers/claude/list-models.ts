/**
 * Claude's own list of models, remembered for some minutes. Knows nothing of the router's names or of paging.
 */
import * as z from 'zod/mini'
import type { Log } from '../../../shared/log.ts'
import type { RouterRequest } from '../../request.ts'
import type { ClaudeConfig } from '../../settings/core-settings.ts'
import { discardBody, type Fetch } from '../provider.ts'
import { claudeRequestHeaders, isClaudeConfigured } from './headers.ts'

export type ClaudeModel = Readonly<Record<string, unknown>> & { readonly id: string }
type Caller = Pick<RouterRequest, 'id' | 'apiHeaders' | 'passHeaders' | 'clientCredential'>

/** Returns Claude's models as far as they can be had: a list without them is better than none. Never throws. */
export type ModelLister = (caller: Caller) => Promise<readonly ClaudeModel[]>

export type ModelListerOptions = {
  readonly config: ClaudeConfig
  readonly fetch: Fetch
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Clients that discover models wait for three seconds; Claude's list must not use all of them up. */
const TIMEOUT_MS = 2_000
const FRESH_MS = 300_000
const LONGEST_LIST = 1_000

const listSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) })

/** Returns the lister; what Claude said is remembered in it. */
export function createModelLister(options: ModelListerOptions): ModelLister {
  const { config, now } = options
  let remembered: { models: readonly ClaudeModel[]; at: number } | undefined
  return async (caller) => {
    if (!isClaudeConfigured(config)) return []
    // Where clients bring their own keys, each may see its own list and nobody else's.
    if (config.keySource === 'client') return (await askClaude(options, caller)) ?? []
    if (remembered === undefined || now() - remembered.at > FRESH_MS) {
      const models = await askClaude(options, caller)
      if (models !== undefined) remembered = { models, at: now() }
    }
    return remembered?.models ?? []
  }
}

async function askClaude(
  { config, fetch, log }: ModelListerOptions,
  caller: Caller,
): Promise<readonly ClaudeModel[] | undefined> {
  try {
    const { 'content-type': _, ...headers } = claudeRequestHeaders(config, caller)
    const response = await fetch(`${config.baseUrl}/v1/models?limit=${LONGEST_LIST}`, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.ok) return listSchema.parse(await response.json()).data
    discardBody(response)
  } catch {
    // Said below: what a runtime or a parser has to say may hold anything.
  }
  log('[Router] Claude gives no list of models', { requestId: caller.id }, 'error')
  return undefined
}
