/**
 * Costs of the three tiers as Markdown: what was assumed, the curves, and how much rests on what was assumed. Measures nothing.
 */

import { TYPICAL_OUTPUT_TOKENS } from '../../edge/ledger/typical-output.ts'
import { DEFAULT_RECALL, DEFAULT_STRONG_RECALL } from '../../edge/routing/thresholds.ts'
import { markdownTable, percent } from '../markdown-table.ts'
import type { ClaudeModels } from './priced-rows.ts'
import { type Curve, DEFAULT_CURVE, type TierCosts } from './tier-costs.ts'

type Scaled = { readonly outputScale: number; readonly costs: TierCosts }

/** Returns the report; its tables show the first of the costs. */
export function describeTierCosts({ strong, cheap }: ClaudeModels, byOutputScale: readonly Scaled[]): string {
  const shown = byOutputScale[0]
  if (shown === undefined) throw new Error('There are no costs to describe.')
  const { rows, strongUsdPerThousand, simpleShare, simpleUsdPerThousand, curves } = shown.costs
  return [
    `${rows.simple} simple and ${rows.complex} complex requests, list prices of ${strong} and ${cheap}. A thousand of them cost`,
    `${strongUsdPerThousand.toFixed(2)} USD where the strong model answers all; ${percent(simpleShare)} % of that is for the simple ones.`,
    `A thousand simple ones cost ${simpleUsdPerThousand.strong.toFixed(2)} USD by the strong model and ${simpleUsdPerThousand.cheap.toFixed(2)} by the cheap one.`,
    '',
    `Tokens of questions are estimated, those of answers are assumed: ${Object.entries(TYPICAL_OUTPUT_TOKENS)
      .map(([task, tokens]) => `${task} ${tokens}`)
      .join(', ')}.`,
    ...curves.flatMap(describeCurve),
    '',
    `By default (recall:${DEFAULT_RECALL}, recall:${DEFAULT_STRONG_RECALL}), if answers are longer or shorter than assumed:`,
    '',
    markdownTable(
      ['answers', '% of all by the strong one', 'simple ones’ share of the costs, %'],
      byOutputScale.map(({ outputScale, costs }) => [
        `× ${outputScale}`,
        percent(defaultShare(costs)),
        percent(costs.simpleShare),
      ]),
    ),
  ].join('\n')
}

function describeCurve({ setup, points }: Curve): readonly string[] {
  return [
    '',
    `## ${setup}`,
    '',
    markdownTable(
      [
        'threshold',
        'complex not local, %',
        'complex to the strong one, %',
        'simple local, %',
        'USD for a thousand',
        '% of all by the strong one',
      ],
      points.map((point) => [
        `recall:${point.recall}`,
        percent(point.complexNotLocal),
        percent(point.complexStrong),
        percent(point.simpleLocal),
        point.usdPerThousand.toFixed(3),
        percent(point.shareOfStrong),
      ]),
    ),
  ]
}

function defaultShare({ curves }: TierCosts): number {
  const curve = curves.find(({ setup }) => setup === DEFAULT_CURVE)
  return curve?.points.find(({ recall }) => recall === DEFAULT_RECALL)?.shareOfStrong ?? Number.NaN
}
