/**
 * Puts together what decisions are made with: what settings and weights give of the planner, and the second look. What is
 * reached and what is remembered beside that is `compose.ts`'s.
 */
import { RouterError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import type { Config } from './config.ts'
import { isClaudeConfigured } from './providers/claude/headers.ts'
import type { Fetch } from './providers/provider.ts'
import { createClassifier } from './routing/classifier/classifier.ts'
import type { ClassifierModel } from './routing/classifier/classifier-model.ts'
import { createFindRule } from './routing/operator-rules/find-rule.ts'
import { combinedThreshold } from './routing/second-look/combination.ts'
import {
  createDecisionServer,
  createWorkersAiModel,
  type WorkersAiBinding,
} from './routing/second-look/decision-model.ts'
import { createSecondLook, type SecondLook } from './routing/second-look/second-look.ts'
import { resolveThresholds } from './routing/thresholds.ts'
import { LOCAL_MODEL, VIRTUAL_MODELS } from './routing/virtual-models.ts'
import { createWildcardMatcher } from './routing/wildcard-matcher.ts'
import type { SecondLookConfig } from './settings/core-settings.ts'

/** The settings that decisions depend on, whatever is reached. */
export type PlanningConfig = Pick<
  Config,
  | 'local'
  | 'claude'
  | 'routedModels'
  | 'thresholds'
  | 'rules'
  | 'simpleToolTurns'
  | 'judge'
  | 'sideRequestsLocal'
>

/** Returns the parts of the planner that settings and weights give; what is reached and what is remembered is not among them. */
export function composePlanning(config: PlanningConfig, classifierModel: ClassifierModel) {
  const { model, simpleModel } = config.claude
  return {
    classifier: createClassifier(classifierModel),
    thresholds: resolveThresholds(classifierModel, config.thresholds),
    findRule: createFindRule(config.rules),
    hasRules: config.rules.length > 0,
    simpleToolTurns: config.simpleToolTurns,
    judgedFrom: config.judge && combinedThreshold(config.judge),
    isRouted: createWildcardMatcher([...config.routedModels, ...VIRTUAL_MODELS, LOCAL_MODEL]),
    localTasks: config.local?.tasks ?? ('auto' as const),
    localMaxInputTokens: config.local?.maxInputTokens,
    claude: {
      configured: isClaudeConfigured(config.claude),
      keyOfCaller: config.claude.keySource === 'client',
      model,
      simpleModel,
    },
    sideRequestsLocal: config.sideRequestsLocal,
  }
}

export type SecondLookEffects = {
  /** The road to a second look that has an address. */
  readonly secondLookFetch: Fetch
  /** Cloudflare's binding, where the platform gives one. */
  readonly workersAi?: WorkersAiBinding | undefined
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** @throws {RouterError} `configuration` where it needs a binding that is not there */
export function composeSecondLook(
  config: SecondLookConfig,
  { secondLookFetch: fetch, workersAi, log, now }: SecondLookEffects,
): SecondLook {
  const { timeoutMs } = config
  if (config.via === 'http')
    return createSecondLook({ ask: createDecisionServer({ ...config, fetch }), timeoutMs, log, now })
  if (workersAi === undefined) throw new RouterError('configuration', 'There is no binding to Workers AI.')
  return createSecondLook({ ask: createWorkersAiModel(workersAi, config.model), timeoutMs, log, now })
}
