/** The judge as the container tells of it on `/readyz`: `judge`, null where it has none, absent in older containers. */
export type JudgeInfo = {
  /** The model whose states are read: the one that answers, or another one that only judges. */
  readonly model: string
  /** Checksum of the head's weights: scores of the same head may be compared with the same threshold. */
  readonly head: string
}
