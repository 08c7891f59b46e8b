/**
 * What thresholds of handing over do, as tables. Chooses nothing.
 */
import { markdownTable } from '../markdown-table.ts'
import {
  chooseHandover,
  type HandoverTrade,
  handoverTrade,
  handoverTradeLeftOut,
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
  const shares = SHARES.flatMap((share) => [
    [
      `at most ${100 * share} % lost`,
      chooseHandover(items, share).toFixed(4),
      ...cells(handoverTrade(items, chooseHandover(items, share))),
    ],
    ['the same, chosen on the other kinds', '', ...cells(handoverTradeLeftOut(items, share))],
  ])
  const kinds = [...Map.groupBy(items, ({ kind }) => kind)].map(([kind, own]) => [
    kind,
    '',
    ...cells(handoverTrade(own, threshold)),
  ])
  return `${heading}: ${items.length} items.

${markdownTable(HEAD, shares)}

At the threshold chosen, by kind:

${markdownTable(HEAD, [...kinds, ['**all**', threshold.toFixed(4), ...cells(handoverTrade(items, threshold))]])}
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
