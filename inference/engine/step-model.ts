/**
 * What a step loop drives: a model that reads prompts piece by piece and then makes one token for many rows at once.
 * Knows token ids and logits only; sampling, text and scheduling are not its business.
 */

/** One prompt and its answer inside a model: its own cache, whoever shares its steps. */
export type Row = {
  /** Tokens of the prompt whose keys and values came from the prefix cache. */
  readonly cachedTokens: number
}

/** What a model thought of a prompt: some of its tensors, [positions, size] each, for the positions that were computed. */
export type PromptStates = {
  /** Position of the first row of each tensor; those before it came from the prefix cache. */
  readonly firstPosition: number
  readonly tensors: Readonly<Record<string, Float32Array>>
}

export type InspectPrompt = {
  /** Names of the tensors. */
  readonly tensors: readonly string[]
  /** Position from which on they are wanted, whatever is remembered of the prompt; absent: of what is computed anyway. */
  readonly from?: number | undefined
  /**
   * Called once the prompt has been read so far that the tensors are there, before a token is made. What it throws ends
   * the row, and the rest of the model is not computed.
   */
  readonly inspect: (states: PromptStates) => void
}

export type OpenOptions = {
  /** Token ids of the prompt, at least one. */
  readonly ids: readonly number[]
  /** Who may share what is kept of this prompt: the same text, or undefined where nothing is to be kept. */
  readonly cacheScope: string | undefined
  /** Positions that prompt and answer may take together. */
  readonly maxTokens: number
  readonly inspection?: InspectPrompt | undefined
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
