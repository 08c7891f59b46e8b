/**
 * The two providers, and one model behind one of them: what a decision names, a provider opens and a receipt records.
 */

export type ProviderName = 'local' | 'claude'

/** One model behind one provider. */
export type Target = {
  readonly provider: ProviderName
  readonly model: string
  /** The score of the local model's own judge, 0 to 1, from which on it must decline; undefined where it needn't judge. */
  readonly judgeThreshold?: number | undefined
  /** Whether another target stands behind it that can be asked what its model would only guess at; absent: it answers all. */
  readonly mayHandOver?: boolean | undefined
  /** Whether its whole answer is verified before a word of it is given, and left to another where it fails; absent: it is not. */
  readonly verified?: boolean | undefined
}
