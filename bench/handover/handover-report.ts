/**
 * What thresholds of handing over do, as tables. Chooses nothing.
 */
import { markdownTable } from '../markdown-table.ts'
import {
  chooseHandover,
  type HandoverTrade,
  handoverTrade,
  thresholdsLeftOut,
  type WeighedItem,
} from './choose-handover.ts'

/** Shares of right answers that may be lost. */
const SHARES = [0.01, 0.02, 0.05, 0.1]
const HEAD = [
  '',
  'threshold',
  'cannot be known: handed over',
  'right answers lost',
  'wrong answers not shown',
]

/**
 * Returns the report.
 * @param heading model and day
 * @param threshold the one that was chosen
 */
export function handoverReport(heading: string, items: readonly WeighedItem[], threshold: number): string {
  const shares = SHARES.flatMap((share) => {
    const ofShare = chooseHandover(items, share)
    const leftOut = thresholdsLeftOut(items, share)
    return [
      [`at most ${100 * share} % lost`, ofShare.toFixed(4), ...cells(handoverTrade(items, () => ofShare))],
      ['the same, chosen on the other kinds', '', ...cells(handoverTrade(items, leftOut))],
    ]
  })
  const kinds = [...Map.groupBy(items, ({ kind }) => kind)].map(([kind, own]) => [
    kind,
    '',
    ...cells(handoverTrade(own, () => threshold)),
  ])
  return `${heading}: ${items.length} items.

${markdownTable(HEAD, shares)}

At the threshold chosen, by kind:

${markdownTable(HEAD, [...kinds, ['**all**', threshold.toFixed(4), ...cells(handoverTrade(items, () => threshold))]])}
`
}

function cells(trade: HandoverTrade): readonly string[] {
  const of = (part: number, whole: number) => (whole === 0 ? '–' : `${part} of ${whole}`)
  return [
    of(trade.unknowableHandedOver, trade.unknowable),
    of(trade.rightLost, trade.right),
    of(trade.wrongHandedOver, trade.wrong),
  ]
}
