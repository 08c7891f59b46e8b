/**
 * What a router is doing and whom it can ask, for a program's own status page.
 */
import type { CacheStats } from '../edge/cache/cache.ts'
import type { Core } from '../edge/compose.ts'
import type { Strategy } from '../edge/strategy.ts'
import { VERSION } from '../edge/version.ts'
import type { LocalModel, LocalModelState } from './local-model.ts'
import type { LibrarySettings } from './settings.ts'

export type RouterStatus = {
  readonly version: string
  readonly strategy: Strategy
  readonly claude: {
    /** There is a credential; whether it is good shows with the first answer. */
    readonly available: boolean
    readonly model: string
    readonly simpleModel: string
  }
  readonly local: {
    readonly enabled: boolean
    /** A request can be given to it: ready, or `idle` and loaded by the first request. */
    readonly available: boolean
    /** A container's states are the edge's; `off` where the strategies may not use the local model. */
    readonly state: LocalModelState | 'off' | 'unknown' | 'waking' | 'busy' | 'down'
    readonly model: string | undefined
    readonly inProcess: boolean
  }
  readonly cache: CacheStats & { readonly ttlSeconds: number }
}

export type StatusOptions = {
  readonly strategy: Strategy
  readonly settings: LibrarySettings
  readonly claudeConfigured: boolean
  readonly core: Core
  readonly localModel: LocalModel | undefined
}

/** Returns the status. Asks a container whether it is ready; loads nothing. */
export async function readStatus(options: StatusOptions): Promise<RouterStatus> {
  const { strategy, settings, claudeConfigured, core } = options
  return {
    version: VERSION,
    strategy,
    claude: {
      available: claudeConfigured,
      model: settings.claude.model,
      simpleModel: settings.claude.simpleModel,
    },
    local: await readLocal(options),
    cache: { ...core.cache.stats(), ttlSeconds: settings.cache.ttlSeconds },
  }
}

async function readLocal({ settings, core, localModel }: StatusOptions): Promise<RouterStatus['local']> {
  const known = { enabled: settings.localEnabled, inProcess: settings.localInProcess }
  if (core.local === undefined) return { ...known, available: false, state: 'off', model: undefined }
  const { pool } = core.local
  if (localModel !== undefined) {
    const state = localModel.state()
    return {
      ...known,
      available: state === 'ready' || state === 'idle',
      state,
      model: localModel.info().name,
    }
  }
  await pool.refresh((work) => {
    work.catch(() => {})
  })
  const states = pool.describe().map(({ state }) => state)
  const available = states.includes('ready')
  return {
    ...known,
    available,
    state: available ? 'ready' : (states[0] ?? 'unknown'),
    model: pool.modelName(),
  }
}
