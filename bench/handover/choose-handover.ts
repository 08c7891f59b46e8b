/**
 * From which probability of its token on a model hands over: the least one that loses few right answers, and what it does on
 * kinds that it was not chosen on. Pure; asks no model.
 */
import { roundedUp } from '../../training/validation.ts'
import { thresholdLosing } from '../verification/kinds-left-out.ts'

/** An item of the exam with how probable the token was that hands over. */
export type WeighedItem = {
  readonly kind: string
  /** It asks for what the model cannot know. */
  readonly unknowable: boolean
  /** The answer that the model gave all the same passes the exam's checks. */
  readonly right: boolean
  /** Probability of the token as the first of the answer, 0 to 1. */
  readonly score: number
}

export type HandoverTrade = {
  /** Items that ask for what the model cannot know, and how many of them are handed over. */
  readonly unknowable: number
  readonly unknowableHandedOver: number
  /** Of the others: right answers, and how many are lost. */
  readonly right: number
  readonly rightLost: number
  /** Of the others: wrong answers, and how many nobody sees. */
  readonly wrong: number
  readonly wrongHandedOver: number
}

/**
 * Returns the least threshold of four decimals that loses at most this share of the right answers, 0 to 1. Rounded down, one of
 * many small probabilities would be 0, from which on everything is handed over.
 */
export function chooseHandover(items: readonly WeighedItem[], share: number): number {
  const rows = items
    .filter(({ unknowable }) => !unknowable)
    .map((answer) => ({ answer, score: answer.score }))
  return Math.min(1, roundedUp(Math.max(0, thresholdLosing(rows, share))))
}

/**
 * Returns what becomes of the items.
 * @param thresholdOf the threshold that each kind is weighed by
 */
export function handoverTrade(
  items: readonly WeighedItem[],
  thresholdOf: (kind: string) => number,
): HandoverTrade {
  const count = (counts: (item: WeighedItem) => boolean) => {
    const all = items.filter(counts)
    return [all.length, all.filter(({ kind, score }) => score >= thresholdOf(kind)).length] as const
  }
  const [unknowable, unknowableHandedOver] = count((item) => item.unknowable)
  const [right, rightLost] = count((item) => !item.unknowable && item.right)
  const [wrong, wrongHandedOver] = count((item) => !item.unknowable && !item.right)
  return { unknowable, unknowableHandedOver, right, rightLost, wrong, wrongHandedOver }
}

/** Returns the threshold of each kind as it is chosen on all others. */
export function thresholdsLeftOut(items: readonly WeighedItem[], share: number): (kind: string) => number {
  const chosen = new Map<string, number>()
  return (kind) => {
    const known =
      chosen.get(kind) ??
      chooseHandover(
        items.filter((item) => item.kind !== kind),
        share,
      )
    chosen.set(kind, known)
    return known
  }
}
