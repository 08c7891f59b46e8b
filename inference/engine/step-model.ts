/**
 * What a step loop drives: a model that reads prompts piece by piece and then makes one token for many rows at once.
 * Knows token ids and logits only; sampling, text and scheduling are not its business.
 */

/** One prompt and its answer inside a model: its own cache, whoever shares its steps. */
export type Row = {
  /** Tokens of the prompt whose keys and values came from the prefix cache. */
  readonly cachedTokens: number
}

export type OpenOptions = {
  /** Token ids of the prompt, at least one. */
  readonly ids: readonly number[]
  /** Who may share what is kept of this prompt: the same text, or undefined where nothing is to be kept. */
  readonly cacheScope: string | undefined
  /** Positions that prompt and answer may take together. */
  readonly maxTokens: number
}

/** Logits of the next position, [vocabulary]; valid until the model's next call. */
export type Logits = Float32Array

export type StepModel<R extends Row = Row> = {
  /** Rows that one step takes at most; 1 where rows that share a step would change each other's bits. */
  readonly maxRows: number
  readonly open: (options: OpenOptions) => R
  /** Reads the next piece of the row's prompt; returns logits when the whole prompt has been read, else undefined. */
  readonly read: (row: R) => Promise<Logits | undefined>
  /**
   * Appends one token to each row and returns the logits that follow, in the order of the rows.
   * @param tokens one for each row
   */
  readonly step: (rows: readonly R[], tokens: readonly number[]) => Promise<readonly Logits[]>
  /** Frees the row; its prompt may stay in the prefix cache. */
  readonly close: (row: R) => void
  readonly dispose: () => Promise<void>
}
