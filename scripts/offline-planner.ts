/**
 * The router's own planner without a network: settings are read as the edge reads them, the local model is what its card
 * says, Claude is there. For commands that ask what would be decided; nothing is called.
 */
import { availableParallelism } from 'node:os'
import { composePlanning } from '../edge/compose-planning.ts'
import { readConfig } from '../edge/config.ts'
import { createMemoryControlRecord } from '../edge/control/control-record.ts'
import { createControlStore } from '../edge/control/control-store.ts'
import { createPlanner, type PlannedRequest, type Planner } from '../edge/planner.ts'
import type { LocalPool } from '../edge/providers/local/pool.ts'
import { createSessionMemory } from '../edge/routing/sessions/session-memory.ts'
import { createStrategyStore } from '../edge/strategy-store.ts'
import { readInferenceConfig } from '../inference/config.ts'
import { findModel } from '../inference/models/catalogue.ts'
import { readShippedClassifier } from '../llm/shipped-classifier.ts'
import { parseMessagesRequest } from '../shared/messages.ts'
import type { Environment } from './settings/environment.ts'

/** What decisions depend on; keys, addresses and limits of the edge do not matter here and may be wrong. */
const READ_SETTINGS = [
  'LLM_STRATEGY',
  'ROUTED_MODELS',
  'ROUTER_THRESHOLD',
  'STRONG_THRESHOLD',
  'JUDGE_THRESHOLD',
  'SIMPLE_TOOL_TURNS',
  'ROUTER_RULES',
  'LOCAL_TASKS',
  'LOCAL_MAX_INPUT_TOKENS',
  'SIDE_REQUESTS_LOCAL',
  'CLAUDE_MODEL',
  'CLAUDE_SIMPLE_MODEL',
] as const
/** Fields that a request needs and that logs leave out. */
const MISSING_FIELDS = { model: 'auto', max_tokens: 256 }

/**
 * Returns the planner of a router with these settings and the shipped model, or that of `LOCAL_MODEL_NAME`.
 * @param judges whether that model's server is taken to judge what the edge is unsure of
 * @throws {Error} that names every wrong setting
 */
export async function createOfflinePlanner(environment: Environment, judges = false): Promise<Planner> {
  const read = await readConfig({
    ...Object.fromEntries(READ_SETTINGS.map((name) => [name, environment[name]])),
    ALLOW_ANONYMOUS: 'true',
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: 'http://127.0.0.1',
  })
  if (!read.ok) throw new Error(read.problems.join('\n'))
  const { config } = read
  const record = createMemoryControlRecord(config.strategy)
  const control = createControlStore(record, config.strategy, Date.now, () => {})
  return createPlanner({
    ...composePlanning(config, readShippedClassifier()),
    claude: {
      configured: true,
      keyOfCaller: false,
      model: config.claude.model,
      simpleModel: config.claude.simpleModel,
    },
    local: offlinePool(environment, judges),
    strategies: createStrategyStore(control, config.strategy),
    sessions: createSessionMemory({ now: Date.now }),
  })
}

function offlinePool(environment: Environment, judges: boolean): LocalPool {
  const container = readInferenceConfig(
    { HOST: '127.0.0.1', LOCAL_MODEL_NAME: environment.LOCAL_MODEL_NAME },
    availableParallelism(),
  )
  const known = findModel(container.modelName)
  const model = {
    name: known?.name ?? container.modelName,
    card: known?.card,
    maxInputTokens: container.maxInputTokens,
    isContainer: true,
    structuredOutputs: true,
    judges,
  }
  return {
    model: () => model,
    modelName: () => model.name,
    refresh: async () => {},
    unavailableReason: () => undefined,
    describe: () => [],
  }
}

/**
 * Returns a request to plan; `model` and `max_tokens` may be missing.
 * @throws {RouterError} `invalid_request` that says what is wrong with the body
 */
export function createOfflineRequest(
  body: Readonly<Record<string, unknown>>,
  known: Partial<Pick<PlannedRequest, 'tenant' | 'header' | 'controls' | 'agentSession' | 'startedAt'>> = {},
): PlannedRequest {
  return {
    view: parseMessagesRequest({ ...MISSING_FIELDS, ...body }),
    tenant: { id: 'anonymous', admin: false, forbid: [] },
    header: () => undefined,
    clientCredential: undefined,
    controls: { force: undefined, strategy: undefined, cache: 'skip', privacyLocal: false },
    agentSession: false,
    startedAt: Date.now(),
    ...known,
    structured: false,
    logprobs: false,
    signal: new AbortController().signal,
    waitUntil: () => {},
  }
}
