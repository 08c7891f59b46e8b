/**
 * Labelled requests with what each would cost on either of Claude's models, and the least of the three tiers that guards
 * leave it. Compares no thresholds.
 */
import { costUsd } from '../../edge/ledger/prices.ts'
import { TYPICAL_OUTPUT_TOKENS } from '../../edge/ledger/typical-output.ts'
import { DEFAULT_CLAUDE_MODEL, DEFAULT_CLAUDE_SIMPLE_MODEL } from '../../edge/settings/core-definitions.ts'
import { createOfflinePlanner, createOfflineRequest } from '../../scripts/offline-planner.ts'
import type { Environment } from '../../scripts/settings/environment.ts'
import { SIMPLE_TASKS } from '../../shared/tasks.ts'
import type { LabelledRequest } from '../../training/labelled-requests.ts'

export type Tier = 'local' | 'cheap' | 'strong'

export type PlacedRow = {
  readonly complex: boolean
  /** How surely complex; the higher, the surer. Infinite where tools are used. */
  readonly score: number
  /** The least tier that guards and the model's card leave it, whatever the score. */
  readonly least: Tier
  /** Tokens, estimated. */
  readonly input: number
  /** Tokens, assumed. */
  readonly output: number
}

export type PricedRow = Pick<PlacedRow, 'complex' | 'score' | 'least'> & {
  /** USD. The local model costs nothing by the token. */
  readonly usd: Readonly<Record<Tier, number>>
}

export type ClaudeModels = { readonly strong: string; readonly cheap: string }

/** Returns the names of Claude's models by the settings. */
export function claudeModelsOf({ CLAUDE_MODEL, CLAUDE_SIMPLE_MODEL }: Environment): ClaudeModels {
  return {
    strong: CLAUDE_MODEL || DEFAULT_CLAUDE_MODEL,
    cheap: CLAUDE_SIMPLE_MODEL || DEFAULT_CLAUDE_SIMPLE_MODEL,
  }
}

/**
 * Returns the rows with their scores and least tiers.
 * @param scores of the rows; those of the shipped weights where they are not given
 */
export async function placeRows(
  rows: readonly LabelledRequest[],
  scores: readonly number[] | undefined,
  environment: Environment,
): Promise<readonly PlacedRow[]> {
  const { strong, cheap } = claudeModelsOf(environment)
  // With both thresholds at their ends only guards and the model's card send a request to Claude.
  const plan = await createOfflinePlanner({
    LLM_STRATEGY: 'hybrid',
    LOCAL_TASKS: environment.LOCAL_TASKS || SIMPLE_TASKS.join(','),
    LOCAL_MODEL_NAME: environment.LOCAL_MODEL_NAME,
    ROUTER_THRESHOLD: '1',
    STRONG_THRESHOLD: '1',
    CLAUDE_MODEL: strong,
    CLAUDE_SIMPLE_MODEL: cheap,
  })
  const placed: PlacedRow[] = []
  for (const [index, { request, complex, task }] of rows.entries()) {
    const { decision, features } = await plan(createOfflineRequest({ ...request }))
    const [target] = decision.targets
    placed.push({
      complex,
      score: features.usesTools ? Number.POSITIVE_INFINITY : (scores?.[index] ?? decision.score),
      least: target?.provider === 'local' ? 'local' : target?.model === cheap ? 'cheap' : 'strong',
      input: features.estimatedInputTokens,
      output: TYPICAL_OUTPUT_TOKENS[task ?? (complex ? 'other' : 'simple_chat')],
    })
  }
  return placed
}

/**
 * Returns the rows with what they cost by list price.
 * @param outputScale a factor on the assumed tokens of answers
 * @throws {Error} for a model whose price is not known
 */
export function priceRows(
  rows: readonly PlacedRow[],
  { strong, cheap }: ClaudeModels,
  outputScale: number,
): readonly PricedRow[] {
  return rows.map(({ input, output, ...row }) => {
    const usd = (model: string) => {
      const price = costUsd(model, { input_tokens: input, output_tokens: outputScale * output })
      if (price === undefined) throw new Error(`The price of ${model} is not known.`)
      return price
    }
    return { ...row, usd: { local: 0, cheap: usd(cheap), strong: usd(strong) } }
  })
}
