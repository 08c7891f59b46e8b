/**
 * The names of the four strategies. What each does stands in `routing/choose-targets.ts`.
 */

export const STRATEGIES = ['claude_only', 'hybrid', 'local_fallback', 'local_only'] as const
export type Strategy = (typeof STRATEGIES)[number]

/** Says whether `value` names a strategy. */
export function isStrategy(value: unknown): value is Strategy {
  return STRATEGIES.some((strategy) => strategy === value)
}
