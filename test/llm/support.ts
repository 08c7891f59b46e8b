/**
 * A router of the library with both upstreams played and a model that says what the test wants.
 */
import { resolve } from 'node:path'
import type { EngineEvent } from '../../inference/engine/engine.ts'
import type { EngineProcess } from '../../inference/engine/process.ts'
import type { EngineStatus } from '../../inference/engine/supervisor.ts'
import type { ResolvedModel } from '../../inference/models/resolve.ts'
import { createRouter, type Router, type RouterOptions } from '../../llm/router.ts'
import { RouterError } from '../../shared/errors.ts'
import { CLAUDE_KEY, LOCAL_TEXT } from '../support/edge/canaries.ts'
import { collectLog } from '../support/edge/log-collector.ts'
import { CLAUDE_URL, networkFetch } from '../support/edge/upstreams.ts'

export const TINY_MODEL = resolve(import.meta.dirname, '../fixtures/models/tiny-llama')

/** Settings of a hybrid router with a key and the model in this process. */
export const HYBRID: Readonly<Record<string, string>> = {
  LLM_STRATEGY: 'hybrid',
  LOCAL_LLM_ENABLED: 'true',
  LOCAL_MODEL_NAME: TINY_MODEL,
  JUDGE_MODEL: 'off',
  ANTHROPIC_API_KEY: CLAUDE_KEY,
  ANTHROPIC_BASE_URL: CLAUDE_URL,
}

/** Returns a router whose network, clock and log are the test's; a setting of '' is unset. */
export function createTestRouter(
  settings: Readonly<Record<string, string>> = {},
  options: Partial<RouterOptions> = {},
): Router {
  let ids = 0
  return createRouter({
    env: { ...HYBRID, ...settings },
    log: collectLog,
    fetch: networkFetch,
    random: () => 0,
    createId: () => `req_test_${++ids}`,
    startEngine: createFakeEngine().start,
    ...options,
  })
}

export type FakeEngine = {
  readonly start: (model: ResolvedModel) => EngineProcess
  readonly starts: () => number
  /** Ends the loading; an engine that is not `manual` is ready at once. */
  readonly becomeReady: () => void
  readonly fail: (error: RouterError) => void
  readonly closed: () => boolean
  /** Resolves when a generation was told to stop. */
  readonly stopped: Promise<void>
}

/**
 * Returns a model's process without a process.
 * @param options.endless the answer goes on until it is stopped
 */
export function createFakeEngine(
  options: { readonly manual?: boolean; readonly endless?: boolean } = {},
): FakeEngine {
  const ready = Promise.withResolvers<void>()
  const stopped = Promise.withResolvers<void>()
  ready.promise.catch(() => {})
  let status: EngineStatus = 'loading'
  let starts = 0
  const becomeReady = () => {
    status = 'ready'
    ready.resolve()
  }
  async function* generate(_: unknown, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    try {
      yield { type: 'start', inputTokens: 5, cachedTokens: 0 }
      yield { type: 'text', text: LOCAL_TEXT, tokens: 3, logprob: -0.1 }
      while (options.endless) {
        if (signal.aborted) throw new RouterError('cancelled', 'stopped')
        await new Promise((resolve) => setImmediate(resolve))
        yield { type: 'text', text: ' more', tokens: 1, logprob: -0.1 }
      }
      yield { type: 'end', stopReason: 'end_turn', stopSequence: null, outputTokens: 3 }
    } finally {
      stopped.resolve()
    }
  }
  return {
    start(model) {
      starts++
      if (!options.manual) becomeReady()
      return {
        info: model.info,
        status: () => status,
        speed: () => undefined,
        serving: () => undefined,
        restarts: () => 0,
        pid: () => undefined,
        ready: ready.promise,
        generate,
        countTokens: async () => 5,
        async close() {
          status = 'closed'
        },
      }
    },
    starts: () => starts,
    becomeReady,
    fail(error) {
      status = 'failed'
      ready.reject(error)
    },
    closed: () => status === 'closed',
    stopped: stopped.promise,
  }
}
