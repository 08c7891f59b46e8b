/**
 * How well scores tell complex from simple on labelled rows: curves, groups and pairs, as numbers and as tables. Pure.
 * Thresholds at a given complex-recall are taken from the rows themselves, so that scorers can be compared whatever their
 * scale; the router's own threshold, fixed elsewhere, stands beside them.
 */
import type { LabelledRequest } from '../../training/labelled-requests.ts'
import { areaUnderCurve, recallAt, type Scored, thresholdFor } from '../../training/validation.ts'
import { markdownTable, percent } from '../markdown-table.ts'
import type { Scorer } from './scorers.ts'

type Recalls = { readonly complex: number; readonly simple: number }
type Group = Recalls & { readonly name: string; readonly rows: number }

export type Quality = {
  readonly rows: { readonly simple: number; readonly complex: number }
  readonly scorers: readonly {
    readonly name: string
    readonly missing: number
    readonly auc: number
    readonly simpleRecallAt97: number
    readonly simpleRecallAt99: number
    /** At the router's own threshold, where it has one for this score. */
    readonly atOwnThreshold: Recalls | undefined
  }[]
  /** Of the last scorer, at 97 % complex-recall. */
  readonly detail: {
    readonly scorer: string
    readonly groups: Readonly<Record<'task' | 'language' | 'source', readonly Group[]>>
    /** Near-misses: how often the complex one of two has the higher score, and both recalls among them. */
    readonly pairs: (Recalls & { readonly pairs: number; readonly inOrder: number }) | undefined
  }
}

const SMALLEST_GROUP = 15
/** Of groups that are many, so many of either label: a source of complex requests is not to hide behind simple ones. */
const SHOWN = 15

/** Returns what scores are worth. */
export function measureQuality(rows: readonly LabelledRequest[], scorers: readonly Scorer[]): Quality {
  const last = scorers.at(-1)
  if (last === undefined || rows.length === 0) throw new Error('There are no rows to score.')
  const complex = rows.filter((row) => row.complex).length
  if (complex === 0 || complex === rows.length)
    throw new Error('The rows need both labels, simple and complex.')
  const scored = scoredRows(rows, last)
  const threshold = thresholdFor(scored, 0.97)
  const groupsBy = (nameOf: (row: LabelledRequest) => string | undefined): readonly Group[] =>
    [...Map.groupBy(rows.keys(), (index) => nameOf(rows[index] as LabelledRequest) ?? 'unknown')]
      .filter(([, { length }]) => length >= SMALLEST_GROUP)
      .map(([name, indexes]) => ({
        name,
        rows: indexes.length,
        ...recallsAt(
          indexes.map((index) => scored[index] as Scored),
          threshold,
        ),
      }))
      .toSorted((one, other) => worst(one) - worst(other))
  return {
    rows: { simple: rows.length - complex, complex },
    scorers: scorers.map((scorer) => {
      const own = scoredRows(rows, scorer)
      return {
        name: scorer.name,
        missing: scorer.missing ?? 0,
        auc: areaUnderCurve(own),
        simpleRecallAt97: recallAt(own, thresholdFor(own, 0.97), false),
        simpleRecallAt99: recallAt(own, thresholdFor(own, 0.99), false),
        atOwnThreshold: scorer.threshold === undefined ? undefined : recallsAt(own, scorer.threshold),
      }
    }),
    detail: {
      scorer: last.name,
      groups: {
        task: groupsBy(({ task }) => task),
        language: groupsBy(({ language }) => language),
        source: groupsBy(({ source }) => source),
      },
      pairs: measurePairs(rows, scored, threshold),
    },
  }
}

function scoredRows(rows: readonly LabelledRequest[], { scores }: Scorer): readonly Scored[] {
  return rows.map(({ complex }, index) => ({ complex, logit: scores[index] ?? Number.POSITIVE_INFINITY }))
}

/** A group of one label has no recall of the other: NaN. */
function recallsAt(scored: readonly Scored[], threshold: number): Recalls {
  return { complex: recallAt(scored, threshold, true), simple: recallAt(scored, threshold, false) }
}

function worst({ complex, simple }: Recalls): number {
  return Math.min(...[complex, simple].filter((recall) => !Number.isNaN(recall)))
}

function measurePairs(
  rows: readonly LabelledRequest[],
  scored: readonly Scored[],
  threshold: number,
): Quality['detail']['pairs'] {
  const indexOf = new Map(rows.map(({ id }, index) => [id, index]))
  const pairs = rows.flatMap(({ complex, partner }, index) => {
    const other = complex && partner !== undefined ? indexOf.get(partner) : undefined
    return other === undefined ? [] : [[scored[index], scored[other]] as [Scored, Scored]]
  })
  if (pairs.length === 0) return undefined
  return {
    pairs: pairs.length,
    inOrder: pairs.filter(([complex, simple]) => complex.logit > simple.logit).length / pairs.length,
    ...recallsAt(pairs.flat(), threshold),
  }
}

function shownOf(all: readonly Group[]): readonly Group[] {
  if (all.length <= 2 * SHOWN) return all
  const worstOf = (label: keyof Recalls) =>
    all
      .filter((group) => !Number.isNaN(group[label]))
      .toSorted((one, other) => one[label] - other[label])
      .slice(0, SHOWN)
  const shown = new Set([...worstOf('complex'), ...worstOf('simple')])
  return all.filter((group) => shown.has(group))
}

/** Returns the tables, in Markdown. */
export function describeQuality({ rows, scorers, detail }: Quality): string {
  const { groups, pairs } = detail
  const groupTables = Object.entries(groups).flatMap(([kind, all]) => [
    '',
    markdownTable(
      [
        all.length > 2 * SHOWN ? `${kind} (of ${all.length} the ${SHOWN} worst of either label)` : kind,
        'rows',
        'complex-recall',
        'simple-recall',
      ],
      shownOf(all).map((group) => [
        group.name,
        String(group.rows),
        percent(group.complex),
        percent(group.simple),
      ]),
    ),
  ])
  return [
    `${rows.simple} simple and ${rows.complex} complex requests`,
    '',
    markdownTable(
      [
        'scored by',
        'AUC',
        'simple-recall at 97 %',
        'at 99 %',
        'at the router’s threshold: complex / simple',
        'unanswered',
      ],
      scorers.map((scorer) => [
        scorer.name,
        scorer.auc.toFixed(4),
        percent(scorer.simpleRecallAt97),
        percent(scorer.simpleRecallAt99),
        scorer.atOwnThreshold
          ? `${percent(scorer.atOwnThreshold.complex)} / ${percent(scorer.atOwnThreshold.simple)}`
          : '–',
        String(scorer.missing),
      ]),
    ),
    '',
    `By ${detail.scorer}, at 97 % complex-recall; groups of ${SMALLEST_GROUP} rows or more, the worst first:`,
    ...groupTables,
    '',
    pairs
      ? `${pairs.pairs} near-miss pairs: in order ${percent(pairs.inOrder)} %, complex-recall ${percent(pairs.complex)} %, simple-recall ${percent(pairs.simple)} %`
      : 'No near-miss pairs.',
    'Rows that a scorer was trained on flatter it: of what ships, edge and judge know training/requests.',
  ].join('\n')
}
