/**
 * The scores at which a decision changes: whether a request counts as complex, whether a second look is worth its time,
 * which of Claude's models it is for. Says what settings mean for a trained classifier; compares nothing.
 */
import type { ClassifierModel } from './classifier/classifier-model.ts'

/** A score from 0 to 1, or the share of complex requests, in percent, that is to be kept from what lies below. */
export type ThresholdSetting = { readonly score: number } | { readonly recall: number }

export type Thresholds = {
  /** From here on a request counts as complex, where nobody takes a second look. */
  readonly complex: number
  /** From here on it is for the strong Claude model; below, the cheap one will do. */
  readonly strong: number
  /** Between the two it is not sure: a second look decides where there is one. */
  readonly unsure: { readonly from: number; readonly to: number }
}

/** Complex requests that are kept from the local model, in percent, measured on sources left out of training. */
export const DEFAULT_RECALL = 97
/** Of complex requests, those that the strong model answers rather than the cheap one, in percent. */
export const DEFAULT_STRONG_RECALL = 90
/** Below this nearly nothing is complex, above nearly nothing simple: a second look would change nothing. */
const SURELY_SIMPLE_RECALL = 99.5
const SURELY_COMPLEX_RECALL = 60

/** Returns the thresholds that the settings mean. */
export function resolveThresholds(
  model: Pick<ClassifierModel, 'recalls'>,
  settings: { readonly complex: ThresholdSetting; readonly strong: ThresholdSetting },
): Thresholds {
  const unsure = {
    from: scoreOf(model, { recall: SURELY_SIMPLE_RECALL }),
    to: scoreOf(model, { recall: SURELY_COMPLEX_RECALL }),
  }
  const complex = scoreOf(model, settings.complex)
  return withComplexFrom({ complex, strong: scoreOf(model, settings.strong), unsure }, complex)
}

/** Returns the thresholds with another score from which a request counts as complex. */
export function withComplexFrom({ strong, unsure }: Thresholds, complex: number): Thresholds {
  return {
    complex,
    strong: Math.max(complex, strong),
    unsure: { from: Math.min(complex, unsure.from), to: Math.max(complex, unsure.to) },
  }
}

/** Returns the score of a setting; between two measured shares, the one that is safer. */
export function scoreOf({ recalls }: Pick<ClassifierModel, 'recalls'>, setting: ThresholdSetting): number {
  if ('score' in setting) return setting.score
  return recalls.find(([recall]) => recall >= setting.recall)?.[1] ?? 0
}
